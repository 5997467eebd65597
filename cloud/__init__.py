"""The API and its faces: ingest, alarms, incidents, areas, people, media, stream, web."""
