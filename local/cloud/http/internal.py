"""Handlers of the paths that AWS does not have: health of the endpoint, status of its engines, token reviews."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.request import Request
from werkzeug.wrappers import Response

from local.cloud.context import CloudContext
from local.cloud.control_loop import ControlLoop
from local.cloud.paths import AUTHORIZATION, ENGINES, HEALTH, POD_IDENTITY, TOKEN_REVIEW
from local.cloud.service.base import Service
from local.cloud.svc.eks.authentication import authorization, token_review
from local.cloud.svc.eks.pod_identity import webhook


def handlers(
    context: CloudContext, services: Iterable[Service[Any]], loop: ControlLoop, trouble: str
) -> dict[str, Callable[[Request], Response]]:
    """Path prefix -> handler. `trouble` is what the endpoint lost when it started."""
    known = list(services)

    def health(_: Request) -> Response:
        return _json({"pid": os.getpid(), "home": str(context.site.home), "trouble": trouble})

    def engines(_: Request) -> Response:
        with context.lock:
            backings = [backing for service in known for backing in service.backings()]
        errors = {key: failure.message for key, failure in list(loop.failures.items())}
        status = {b.key: {"status": b.status, "running": b.running(), "trouble": errors.get(b.key)} for b in backings}
        return _json(status)

    return {
        HEALTH: health,
        ENGINES: engines,
        TOKEN_REVIEW: token_review.handler(context),
        AUTHORIZATION: authorization.handler(context),
        POD_IDENTITY: webhook.handler(context),
    }


def _json(content: object) -> Response:
    return Response(json.dumps(content), content_type="application/json")
