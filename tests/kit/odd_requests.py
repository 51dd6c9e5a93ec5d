"""Requests of every route of a service with odd characters in each of its parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import FastAPI

NUL = "NUL"
ODD = {
    NUL: "a%00b",
    "control characters": "%01%1f%7f",
    "a lone surrogate": "%ED%A0%80",
    "no UTF-8": "a%FFb",
    "3,000 letters": quote("ä" * 3_000),
    "400 digits": "9" * 400,
    "quotes": quote("'\"\\;--%_$1", safe=""),
    "beyond the BMP": quote("\U0001f493"),
}


@dataclass(frozen=True)
class OddRequest:
    method: str
    route: str
    url: str
    parameter: str
    odd: str


def odd_requests(service: FastAPI) -> Iterator[OddRequest]:
    """By what the service declares; its other parameters are plain."""
    for route, operations in service.openapi()["paths"].items():
        for method, operation in operations.items():
            parameters = [one for one in operation.get("parameters", []) if one["in"] in {"path", "query"}]
            for parameter in parameters:
                for odd, text in ODD.items():
                    url = _url(route, parameters, parameter["name"], text)
                    yield OddRequest(method.upper(), route, url, parameter["name"], odd)


def _url(route: str, parameters: list[dict[str, Any]], odd: str, text: str) -> str:
    query: list[str] = []
    for one in parameters:
        name, value = one["name"], text if one["name"] == odd else "1"
        if one["in"] == "path":
            route = route.replace(f"{{{name}}}", value)
        elif name == odd or one.get("required"):
            query.append(f"{name}={value}")
    return route + ("?" + "&".join(query) if query else "")


def assert_answered(
    service: FastAPI, address: str, token: str, *, least: int, away: frozenset[str] = frozenset()
) -> None:
    """No odd character is an error of the service, and a NUL is refused by name. At least `least` parameters are sent;
    a store of the routes `away` is not there."""
    sent = list(odd_requests(service))
    assert len({(one.method, one.route, one.parameter) for one in sent}) >= least
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=20) as client:
        for one in sent:
            answer = client.request(one.method, one.url)
            if one.odd == NUL:
                assert answer.status_code == 422, (one, answer.text)
                assert f"{one.parameter}: has the character NUL" in answer.json()["detail"], (one, answer.text)
            else:
                assert answer.status_code < 500 or one.route in away, (one, answer.text)
