"""Answers on the paths that AWS does not have: is the endpoint up, and what do its engines do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.request import Request
from werkzeug.wrappers import Response

from local.cloud.loop import Loop
from local.cloud.paths import ENGINES, HEALTH, TOKEN_REVIEW
from local.cloud.service import Service
from local.cloud.svc.eks import review
from local.cloud.world import World


def paths(world: World, services: Iterable[Service[Any]], loop: Loop) -> dict[str, Callable[[Request], Response]]:
    """Prefix of a path -> who answers there."""
    known = list(services)

    def health(_: Request) -> Response:
        return _json({"pid": os.getpid(), "home": str(world.site.home)})

    def engines(_: Request) -> Response:
        with world.lock:
            bodies = [body for service in known for body in service.bodies()]
        troubles = {key: trouble.what for key, trouble in list(loop.troubles.items())}
        about = {b.key: {"status": b.status, "running": b.running(), "trouble": troubles.get(b.key)} for b in bodies}
        return _json(about)

    return {HEALTH: health, ENGINES: engines, TOKEN_REVIEW: review.handler(world)}


def _json(content: object) -> Response:
    return Response(json.dumps(content), content_type="application/json")
