"""The authorization webhook, which allows what access policies allow; other authorizers may allow more."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.core.request import Request
from werkzeug.wrappers import Response

from local.cloud.context import CloudContext
from local.cloud.paths import AUTHORIZATION
from local.cloud.svc.eks.authentication.access_entries import PRINCIPAL, associations_of
from local.cloud.svc.eks.authentication.policies import allows
from local.cloud.svc.eks.model import EksState


def handler(context: CloudContext) -> Callable[[Request], Response]:
    """Handles POST <AUTHORIZATION>/<region>/<cluster>, a SubjectAccessReview."""

    def review(request: Request) -> Response:
        region, _, name = request.path.removeprefix(AUTHORIZATION).strip("/").partition("/")
        asked = json.loads(request.get_data())
        principal = next(iter(asked["spec"].get("extra", {}).get(PRINCIPAL, [])), "")
        allowed = False
        if principal:  # nobody else has policies, and most reviews are of others
            with context.lock:
                state = context.state.get(("eks", region))
                cluster = state.clusters.get(name) if isinstance(state, EksState) else None
                entry = cluster.access.get(principal) if cluster else None
                allowed = allows(associations_of(entry), asked["spec"])
        status: dict[str, Any] = {"allowed": allowed}
        answer = {"apiVersion": asked["apiVersion"], "kind": "SubjectAccessReview", "status": status}
        return Response(json.dumps(answer), content_type="application/json")

    return review
