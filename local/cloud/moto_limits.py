"""What moto answers without doing it: refused here, because a lie costs more than a refusal."""

from __future__ import annotations

import json
import re

from moto.core.request import Request
from werkzeug.wrappers import Response

_ACTIONS = {
    ("kms", "UpdatePrimaryRegion"): "moving the primary of a multi-Region key",
    ("kms", "ImportKeyMaterial"): "importing key material",
}
"""(signing name, action) -> what AWS would do."""

_PATHS = [
    ("s3", "PUT", re.compile(r"[?&]replication(=|&|$)"), "replicating a bucket"),
    ("route53", "GET", re.compile(r"/healthcheck/[^/]+/status"), "running health checks"),
    ("eks", "POST", re.compile(r"/fargate-profiles"), "Fargate"),
]
"""(signing name, method, pattern of path and query, what AWS would do)."""


def refusal(service: str, action: str, request: Request) -> Response | None:
    """The answer to a request that moto would only pretend to carry out; None for all others."""
    what = _ACTIONS.get((service, action))
    for name, method, pattern, meaning in _PATHS:
        if (service, request.method) == (name, method) and pattern.search(request.full_path):
            what = meaning
    if what is None:
        return None
    message = f"The local cloud does not do this: {what}. Nothing was changed."
    if service in ("s3", "route53"):
        error = f"<Code>NotImplemented</Code><Message>{message}</Message>"
        body = (
            f"<Error>{error}</Error>" if service == "s3" else f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
        )
        return Response(body, 501, content_type="application/xml")
    body = json.dumps({"__type": "NotImplemented", "message": message})
    return Response(body, 501, content_type="application/x-amz-json-1.1")
