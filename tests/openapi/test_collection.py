"""docs/api/aura.http: current, and every request in it is one that its operation takes."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from jsonschema import Draft202012Validator

from services.auth.rest.openapi import DOCUMENT
from services.openapi import __main__ as writing
from services.openapi.collection import collection
from services.openapi.examples import NoExample, example
from services.openapi.operations import Operation, operations

DOCUMENT_OF_API: dict[str, Any] = json.loads(DOCUMENT.read_text())
OPERATIONS = {one.id: one for one in operations(DOCUMENT_OF_API)}
HEAD, *REQUESTS = re.split(r"^### ", writing.COLLECTION.read_text(), flags=re.MULTILINE)
VARIABLES = dict(re.findall(r"^@(\w+) = (.*)$", HEAD, flags=re.MULTILINE))
NUMBERS = {"integer": int, "string": str}


def errors(value: Any, schema: dict[str, Any]) -> list[str]:
    whole = {**schema, "components": DOCUMENT_OF_API["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def operation_of(request: str) -> Operation:
    return OPERATIONS[request.splitlines()[0].partition(": ")[2]]


def test_the_collection_is_current() -> None:
    made = collection(DOCUMENT_OF_API, writing.COMMAND)
    assert made == writing.COLLECTION.read_text(), f"the document changed: run `{writing.COMMAND}`"


def test_there_is_a_request_for_each_operation_by_service() -> None:
    assert [operation_of(request).id for request in REQUESTS] == list(OPERATIONS)
    services = [request.partition(":")[0] for request in REQUESTS]
    assert services == sorted(services, key=services.index), "requests of a service stand together"


@pytest.mark.parametrize("request_text", REQUESTS, ids=lambda request: operation_of(request).id)
def test_a_request_is_one_that_its_operation_takes(request_text: str) -> None:
    operation = operation_of(request_text)
    head, _, body = request_text.partition("\n\n")
    line, *headers = [line for line in head.splitlines()[1:] if not line.startswith("#")]
    method, _, target = line.partition(" ")
    host, url = re.fullmatch(r"{{(\w+)}}(/.*)", target).groups()  # pyright: ignore[reportOptionalMemberAccess]
    assert (method, VARIABLES[host]) == (operation.method, operation.server)
    given = dict(header.split(": ", 1) for header in headers)
    assert (given.pop("Authorization", None) == "Bearer {{token}}") is operation.token

    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(operation.path))
    in_path = re.fullmatch(pattern, urlsplit(url).path)
    assert in_path is not None
    sent = {
        "path": {name: unquote(value) for name, value in in_path.groupdict().items()},
        "query": dict(parse_qsl(urlsplit(url).query, strict_parsing=bool(urlsplit(url).query))),
        "header": given,
    }
    for parameter in operation.content.get("parameters", []):
        value = sent[parameter["in"]].get(parameter["name"])
        assert value is not None or not parameter.get("required")
        if value is not None:
            schema = parameter["schema"]
            assert errors(NUMBERS[schema.get("type", "string")](value), schema) == []

    for media_type, content in operation.content.get("requestBody", {}).get("content", {}).items():
        assert given["Content-Type"] == media_type
        value = json.loads(body) if media_type == "application/json" else dict(parse_qsl(body.strip()))
        assert value
        assert errors(value, content["schema"]) == []


def test_what_has_no_example_and_needs_one_is_named() -> None:
    with pytest.raises(NoExample, match="the body of put_x"):
        example({"type": "string", "pattern": "^a+$"}, {}, "the body of put_x")
