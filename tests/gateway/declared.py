"""Objects of the gateway as the operators make them of an AuraService."""

from __future__ import annotations

from contracts.auraservice import AuraServiceSpec
from local.gateway.objects import Object
from operators.auraservice.dependencies import Dependencies
from operators.auraservice.gateway import routes
from operators.kubernetes.manifest import Owner
from tests.gateway import objects


def declared_by_operator(route: dict[str, object]) -> list[Object]:
    """What the operators make of a route of the service "echo" that needs a token and takes two requests a minute."""
    owner = Owner("AuraService", objects.NAMESPACE, "echo", "uid")
    full = {"host": objects.HOST, "auth": "jwt", "rateLimit": {"perMinute": 2}, **route}
    spec = AuraServiceSpec.model_validate(
        {
            "image": "aura/echo:1", "ports": {"http": 8080}, "replicas": {"min": 1, "max": 1}, "placement": "spot",
            "routes": [full],
        }
    )  # fmt: skip
    made: list[Object] = []
    for item in routes(owner, spec, Dependencies()):
        kind = objects.KongPlugin if item["kind"] == "KongPlugin" else objects.HTTPRoute
        made.append(kind.model_validate(item))
    return made
