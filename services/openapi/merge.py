"""One OpenAPI document out of those of the services: what the routes of the gateway publish, and nothing else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from contracts.auraservice import Route
from services.openapi import answers, components, gateway
from services.openapi.operations import METHODS
from services.openapi.publishing import Declared, hosts, publishes, serving


@dataclass(frozen=True)
class Part:
    """A service with the OpenAPI document of its application; `description` is for people that read of its tag."""

    service: str
    document: Mapping[str, Any]
    description: str = ""


class Collision(ValueError):
    """Two operations of the services would be one of the document; the text names them."""


def merged(
    parts: Sequence[Part], declared: Sequence[Declared], info: Mapping[str, Any], servers: Mapping[str, Any]
) -> dict[str, Any]:
    """The document; raises Collision. `servers` are the Server Objects by host, the first is that of most paths."""
    restricted = {part.service: list(_published(part, declared)) for part in parts}
    schemas = {
        part.service: components.used(
            [one.item for one in restricted[part.service]], part.document.get("components", {}).get("schemas", {})
        )
        for part in parts
    }
    names = components.unique(schemas, set(gateway.SCHEMAS))
    first = next(iter(servers))
    paths: dict[str, Any] = {}
    merged_schemas = dict(gateway.SCHEMAS)
    for service, found in restricted.items():
        name = names[service].__getitem__
        for one in found:
            if one.path in paths:
                raise Collision(f"{one.path} is published twice, and by {service} at {one.route.host}")
            elsewhere = {} if one.route.host == first else {"servers": [servers[one.route.host]]}
            paths[one.path] = elsewhere | {
                method: _operation(service, method, one, components.renamed(operation, name))
                for method, operation in one.item.items()
            }
        for old, schema in schemas[service].items():
            if name(old) in merged_schemas:
                raise Collision(f"schema {old} of {service} would be {name(old)}, which another service has: rename it")
            merged_schemas[name(old)] = components.retitled(components.renamed(schema, name), old, name(old))
    _check_ids(paths)
    paths, responses = answers.shared(dict(sorted(paths.items())))
    return {
        "openapi": "3.1.0",
        "info": dict(info),
        "servers": [servers[first]],
        "tags": [{"name": part.service, "description": part.description} for part in parts],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(merged_schemas.items())),
            "responses": responses,
            "headers": gateway.HEADERS,
            "securitySchemes": gateway.SECURITY,
        },
    }


def operation_id(method: str, path: str) -> str:
    """`get_users_me_profile` for GET /v1/users/me/profile: as stable as what it names."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"^/v[0-9]+/", "/", path).lower())
    return "_".join([method, *words])


class _Published(NamedTuple):
    """A path of a service with its operations, and the route that publishes it."""

    path: str
    item: dict[str, Any]
    route: Route


def _published(part: Part, declared: Sequence[Declared]) -> Iterator[_Published]:
    for path, item in part.document["paths"].items():
        for host in hosts(part.service, declared):
            by = serving(host, path, declared)
            if by is not None and publishes(part.service, by):
                yield _Published(path, {name: value for name, value in item.items() if name in METHODS}, by.route)


def _operation(service: str, method: str, one: _Published, operation: dict[str, Any]) -> dict[str, Any]:
    seen = gateway.published(method, operation, one.route)
    return seen | {"operationId": operation_id(method, one.path), "tags": [service]}


def _check_ids(paths: Mapping[str, Any]) -> None:
    seen: dict[str, str] = {}
    for path, item in paths.items():
        for method in METHODS:
            if method in item:
                where, id = f"{method.upper()} {path}", item[method]["operationId"]
                if seen.setdefault(id, where) != where:
                    raise Collision(f"{seen[id]} and {where} have the same operationId, {id}")
