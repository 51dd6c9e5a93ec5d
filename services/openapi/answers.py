"""Answers that several operations give alike, written once. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from services.openapi.operations import METHODS

PREFIX = "#/components/responses/"


def shared(paths: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The paths with a reference for each error that comes more than once, and those errors by name."""
    counts = Counter(
        _key(status, answer)
        for item in paths.values()
        for method in METHODS
        for status, answer in item.get(method, {}).get("responses", {}).items()
        if status >= "4"
    )
    names: dict[tuple[str, str], str] = {}
    found: dict[str, Any] = {}

    def referred(status: str, answer: dict[str, Any]) -> dict[str, Any]:
        key = _key(status, answer)
        if counts[key] < 2:
            return answer
        if key not in names:
            names[key] = _name(status, found)
            found[names[key]] = answer
        return {"$ref": PREFIX + names[key]}

    rewritten = {
        path: {
            member: content
            | {"responses": {status: referred(status, answer) for status, answer in content["responses"].items()}}
            if member in METHODS
            else content
            for member, content in item.items()
        }
        for path, item in paths.items()
    }
    return rewritten, dict(sorted(found.items()))


def resolved_answer(answer: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer to which `answer` refers, or itself."""
    name = answer.get("$ref", "").removeprefix(PREFIX)
    return document["components"]["responses"][name] if name else answer


def _key(status: str, answer: Mapping[str, Any]) -> tuple[str, str]:
    return status, json.dumps(answer, sort_keys=True)


def _name(status: str, taken: Mapping[str, Any]) -> str:
    """`Error401`, and for a second kind of it `Error401-2`."""
    word = f"Error{status}" if status.isdigit() else "OtherError"
    number = sum(name.partition("-")[0] == word for name in taken) + 1
    return word if number == 1 else f"{word}-{number}"
