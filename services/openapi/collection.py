"""A collection of requests, one an operation, in the format of .http files. Pure.

Editors send such requests by a click: a line of `###` before each, variables in double braces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from services.openapi.examples import example, has_example
from services.openapi.operations import Operation, operations

FORM = "application/x-www-form-urlencoded"


def collection(document: Mapping[str, Any], made_by: str) -> str:
    """The text of the file; raises NoExample."""
    found = list(operations(document))
    variables = _variables(document, found)
    head = [
        f"# {document['info']['title']}: a request for each operation. Made by `{made_by}`.",
        "# A token: `aura token --user ada`, or what `aura sign-in` prints as access_token.",
        *(f"@{name} = {url}" for url, name in variables.items()),
        "@token = ",
    ]
    requests = ["\n".join(_request(one, variables[one.server], document)) for one in found]
    return "\n\n".join(["\n".join(head), *requests]) + "\n"


def _variables(document: Mapping[str, Any], found: list[Operation]) -> dict[str, str]:
    """Names by URL: `host` for the server of most paths, `auth_host` for https://auth.aurawellness.com."""
    first = document["servers"][0]["url"]
    urls = dict.fromkeys([first, *(one.server for one in found)])
    return {url: "host" if url == first else f"{(urlsplit(url).hostname or '').split('.')[0]}_host" for url in urls}


def _request(one: Operation, host: str, document: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {one.service}: {one.id}"
    yield f"# {one.summary}"
    values = dict(_parameters(one, document))
    path = one.path
    for (where, name), value in values.items():
        if where == "path":
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
    query = urlencode([(name, value) for (where, name), value in values.items() if where == "query"])
    yield f"{one.method} {{{{{host}}}}}{path}{'?' if query else ''}{query}"
    if one.token:
        yield "Authorization: Bearer {{token}}"
    yield from (f"{name}: {value}" for (where, name), value in values.items() if where == "header")
    for media_type, content in one.content.get("requestBody", {}).get("content", {}).items():
        body = example(content["schema"], document, f"the body of {one.id}")
        yield f"Content-Type: {media_type}"
        yield ""
        yield urlencode(body) if media_type == FORM else json.dumps(body, indent=2, ensure_ascii=False)


def _parameters(one: Operation, document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """Those that are required or have an example, by where they are and their name."""
    for parameter in one.content.get("parameters", []):
        schema = parameter["schema"]
        if parameter.get("required") or has_example(schema, document):
            value = example(schema, document, f"the parameter {parameter['name']} of {one.id}")
            yield (parameter["in"], parameter["name"]), str(value)
