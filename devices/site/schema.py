"""The JSON Schema of a site file, by which editors complete and check it while it is written."""

from __future__ import annotations

import json
from typing import Any

from devices.site.model import Site


def site_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the file, of which some parts may also be file names."""
    schema = Site.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Gridwatch site"}
    for field, ending in (("areas", "geojson"), ("event_classes", "yaml"), ("calendar", "yaml")):
        inline = schema["properties"][field]
        file = {"type": "string", "description": f"A .{ending} file beside the site file."}
        schema["properties"][field] = {"anyOf": [file, inline], "title": inline.pop("title", "Calendar")}
    return schema


def schema_text() -> str:
    """`site_schema` as it is kept in site.schema.json."""
    return json.dumps(site_schema(), indent=2, ensure_ascii=False) + "\n"
