"""The document of the API against the gateway itself, with the routes that the operators make of manifests/base."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from contracts.auraservice import AuraServiceSpec
from local.gateway.objects import HTTPRoute, KongPlugin, Object
from operators.auraservice import gateway as declared_gateway
from operators.auraservice.dependencies import Dependencies
from operators.kubernetes.manifest import Owner
from services.auth.rest.openapi import DOCUMENT
from services.openapi import __main__ as writing
from services.openapi.operations import Operation, operations
from services.openapi.publishing import Declared
from tests.gateway import objects
from tests.gateway.conftest import UPSTREAM_PORT, RunningGateway, Upstreams
from tests.operators.samples import service

pytestmark = pytest.mark.integration
KINDS: dict[str, type[Object]] = {"HTTPRoute": HTTPRoute, "KongPlugin": KongPlugin}
REGION = f"{writing.REGION}."
"""In the host of a region's gateway, which an overlay puts there."""


def routed(address: str) -> Iterator[Object]:
    """The routes of all services, which are one process."""
    by_service: dict[str, list[Declared]] = defaultdict(list)
    for one in writing.declared(writing.CHECKOUT / "manifests" / "base"):
        by_service[one.service].append(one)
    for name, found in by_service.items():
        spec: AuraServiceSpec = service().model_copy(update={"routes": [one.route for one in found]})
        yield objects.service(name)
        yield objects.pod(name, address, UPSTREAM_PORT, service=name)
        for manifest in declared_gateway.routes(
            Owner("AuraService", objects.NAMESPACE, name, name), spec, Dependencies()
        ):
            yield KINDS[manifest["kind"]].model_validate(manifest)


def request(one: Operation) -> tuple[str, str]:
    """Host and path."""
    path = one.path
    for parameter in one.content.get("parameters", []):
        path = path.replace(f"{{{parameter['name']}}}", "1")
    return (urlsplit(one.server).hostname or "").replace(REGION, ""), path


async def test_the_gateway_serves_each_documented_operation_and_requires_its_security_scheme(
    gateway: RunningGateway, upstreams: Upstreams
) -> None:
    document: dict[str, Any] = json.loads(DOCUMENT.read_text())
    await gateway.apply(*routed(upstreams.start("all")))
    differs: list[tuple[str, int, int, bool]] = []
    for one in operations(document):
        host, path = request(one)
        async with gateway.client(host) as client:
            anonymous = await client.request(one.method, path)
            known = await client.request(one.method, path, headers=gateway.bearer(one.id))
        limited = "RateLimit-Limit" in known.headers
        expected = 401 if one.token else 200
        if (anonymous.status_code, known.status_code, limited) != (expected, 200, "429" in one.content["responses"]):
            differs.append((one.id, anonymous.status_code, known.status_code, limited))
    assert differs == []
