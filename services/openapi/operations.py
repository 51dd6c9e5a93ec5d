"""The operations of a document, one after the other. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""Members of a Path Item that are operations (OpenAPI 3.1, Path Item Object)."""


@dataclass(frozen=True)
class Operation:
    """`server` is the URL before `path`, with the defaults of its variables; `token` says whether one is needed."""

    id: str
    service: str
    method: str
    server: str
    path: str
    token: bool
    content: Mapping[str, Any]

    @property
    def summary(self) -> str:
        """The first sentence of what it does."""
        text: str = self.content.get("description") or self.content.get("summary", "")
        return " ".join(text.split("\n\n")[0].split()).split(". ")[0].removesuffix(".")


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """By service in the order of the tags, then by path."""
    found = [
        Operation(
            id=operation["operationId"],
            service=operation["tags"][0],
            method=method.upper(),
            server=_url((item.get("servers") or document["servers"])[0]),
            path=path,
            token=bool(operation["security"]),
            content=operation,
        )
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    for tag in document["tags"]:
        yield from (one for one in found if one.service == tag["name"])


def resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema to which `schema` refers, or itself."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _url(server: Mapping[str, Any]) -> str:
    defaults = {name: variable["default"] for name, variable in server.get("variables", {}).items()}
    return server["url"].format(**defaults)
