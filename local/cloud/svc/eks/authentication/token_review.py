"""The TokenReview webhook, with which an API server authenticates the bearer of an AWS token."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.request import Request
from werkzeug.wrappers import Response

from local.cloud.context import ACCOUNT, CloudContext
from local.cloud.moto_backends import lookups
from local.cloud.paths import TOKEN_REVIEW
from local.cloud.svc.eks.authentication import token
from local.cloud.svc.eks.authentication.access_entries import PRINCIPAL, username
from local.cloud.svc.eks.model import Cluster, EksState

log = logging.getLogger(__name__)


def handler(context: CloudContext) -> Callable[[Request], Response]:
    """Handles POST <TOKEN_REVIEW>/<region>/<cluster>."""

    def review(request: Request) -> Response:
        region, _, name = request.path.removeprefix(TOKEN_REVIEW).strip("/").partition("/")
        review_request = json.loads(request.get_data())
        with context.lock:
            state = context.state.get(("eks", region))
            cluster = state.clusters.get(name) if isinstance(state, EksState) else None
            status = _status(cluster, review_request["spec"]["token"])
        answer = {"apiVersion": review_request["apiVersion"], "kind": "TokenReview", "status": status}
        return Response(json.dumps(answer), content_type="application/json")

    return review


def _status(cluster: Cluster | None, bearer: str) -> dict[str, Any]:
    if cluster is None or not bearer.startswith(token.PREFIX):  # not a token of EKS; other authenticators may accept it
        return {"authenticated": False}
    try:
        claim = token.verify(bearer, cluster.name, datetime.now(UTC), lookups.secret_of)
    except token.BadToken as error:
        log.info("a token for %s %s", cluster.name, error)
        return {"authenticated": False, "error": f"the token {error}"}
    identity = lookups.principal(claim.access_key)
    entry = cluster.access.get(identity)
    if entry is None:
        return {"authenticated": False, "error": f"{identity} has no access entry in {cluster.name}"}
    user = {
        "username": username(entry, lookups.session_name(claim.access_key)),
        "uid": f"aws-iam-authenticator:{ACCOUNT}:{identity}",
        "groups": entry.inputs["kubernetesGroups"],
        "extra": {PRINCIPAL: [identity], "accessKeyId": [claim.access_key], "arn": [identity]},
    }
    return {"authenticated": True, "user": user}
