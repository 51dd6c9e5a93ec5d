"""`python -m services.openapi`: writes the document that the auth service serves, and docs/api/aura.http.

Run in a checkout: routes are read from its manifests/base.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from contracts.auraservice import AuraServiceSpec
from contracts.gateway import region_host
from contracts.platform import API_HOST
from services.auth.rest.openapi import DOCUMENT
from services.openapi.applications import parts
from services.openapi.collection import collection
from services.openapi.merge import merged
from services.openapi.publishing import Declared

COMMAND = "make api"
CHECKOUT = Path(__file__).parents[2]
COLLECTION = CHECKOUT / "docs" / "api" / "aura.http"

INFO = {
    "title": "Aura Wellness API",
    "version": "1",
    "description": """\
What apps ask the platform, as it is seen at the gateway. docs/api.md shows the way from sign-in to a first request.

Every answer has `X-Trace-Id`. Errors of a service are problem documents (RFC 9457). Those of the gateway are JSON with
a `message`: 404 for a path that no service publishes, 401 without a valid token, 429 with `Retry-After` beyond the
limit of a route, 503 while nothing can answer. TLS 1.3 only. Pages of declared origins may call it (CORS).

Heart beats are streamed by WebSocket: see the tag `ingest`.""",
}
DOMAIN = API_HOST.partition(".")[2]
REGION = "us-west-2"


def declared(folder: Path) -> list[Declared]:
    """The routes of all AuraServices in the manifests of a folder."""
    return [
        Declared(resource["metadata"]["name"], route)
        for file in sorted(folder.glob("*.yaml"))
        for resource in yaml.safe_load_all(file.read_text())
        if resource and resource.get("kind") == "AuraService"
        for route in AuraServiceSpec.model_validate(resource["spec"]).routes
    ]


def document() -> dict[str, Any]:
    """Of this checkout."""
    routes = declared(CHECKOUT / "manifests" / "base")
    others = sorted({one.route.host for one in routes} - {API_HOST})
    servers: dict[str, Any] = {host: {"url": f"https://{host}"} for host in [API_HOST, *others]}
    # The name of one region's gateway: the overlays put the region into it.
    servers[f"gateway.{DOMAIN}"] = {
        "url": f"https://{region_host('{region}', DOMAIN)}",
        "variables": {"region": {"default": REGION}},
    }
    return merged(parts(), routes, INFO, servers)


def main() -> None:
    found = document()
    DOCUMENT.write_text(text(found))
    COLLECTION.write_text(collection(found, COMMAND))
    print(f"wrote {DOCUMENT.relative_to(CHECKOUT)} and {COLLECTION.relative_to(CHECKOUT)}")


def text(found: dict[str, Any]) -> str:
    """With an end of line, and a line a member, so that a change shows in a diff."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
