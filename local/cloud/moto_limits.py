"""What moto answers without doing it: refused here, because a lie costs more than a refusal."""

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
"""Signing names of the services that answer in XML, with what they put an error into."""


def refusal(service: str, action: str, request: Request) -> Response | None:
    """The answer to a request that moto would only pretend to carry out; None for all others."""
    what = _ACTIONS.get((service, action))
    for name, method, pattern, meaning in _PATHS:
        if (service, request.method) == (name, method) and pattern.search(request.full_path):
            what = meaning
    return None if what is None else refuse(service, what)


def refuse(service: str, what: str) -> Response:
    """Says in the form the service's clients read that this cloud cannot do it. Status 501 is not retried."""
    message = f"The local cloud does not do this: {what}. Nothing was changed."
    if service not in _XML:
        body = json.dumps({"__type": "NotImplemented", "message": message})
        return Response(body, 501, {"x-amzn-errortype": "NotImplemented"}, content_type="application/x-amz-json-1.1")
    error = f"<Error><Code>NotImplemented</Code><Message>{escape(message)}</Message></Error>"
    return Response(_XML[service].format(error), 501, content_type="application/xml")
