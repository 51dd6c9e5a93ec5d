"""Operations that moto acknowledges without carrying them out: refused here."""

from __future__ import annotations

import json
import re
from xml.sax.saxutils import escape

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
]
"""(signing name, method, pattern of path and query, what AWS would do)."""

_QUERY = "<ErrorResponse>{}</ErrorResponse>"
_XML = {
    "ec2": "<Response><Errors>{}</Errors></Response>",
    "s3": "{}",
    **dict.fromkeys(("autoscaling", "cloudformation", "cloudfront", "elasticloadbalancing", "iam"), _QUERY),
    **dict.fromkeys(("monitoring", "route53", "sns", "sts"), _QUERY),
}
"""Signing name of each service that answers in XML -> the envelope of its errors."""


def unsupported_response(service: str, action: str, request: Request) -> Response | None:
    """The refusal of a request that moto would only pretend to carry out; None for all others."""
    what = _ACTIONS.get((service, action))
    for name, method, pattern, meaning in _PATHS:
        if (service, request.method) == (name, method) and pattern.search(request.full_path):
            what = meaning
    return None if what is None else not_implemented(service, what)


def not_implemented(service: str, what: str) -> Response:
    """An error in the service's own format. Clients do not retry status 501."""
    message = f"The local cloud does not do this: {what}. Nothing was changed."
    if service not in _XML:
        body = json.dumps({"__type": "NotImplemented", "message": message})
        return Response(body, 501, {"x-amzn-errortype": "NotImplemented"}, content_type="application/x-amz-json-1.1")
    error = f"<Error><Code>NotImplemented</Code><Message>{escape(message)}</Message></Error>"
    return Response(_XML[service].format(error), 501, content_type="application/xml")
