"""What a client may send, in OpenAPI documents: requests are made of it."""

from __future__ import annotations

from pydantic import ConfigDict
from pydantic.config import JsonDict, JsonValue


def sample(**members: JsonValue) -> ConfigDict:
    """`model_config` of a model, with an example of it."""
    extra: JsonDict = {"examples": [members]}
    return ConfigDict(json_schema_extra=extra)
