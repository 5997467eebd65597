"""Telemetry: what nodes measure, kept in PostgreSQL or InfluxDB, read down-sampled for charts."""
