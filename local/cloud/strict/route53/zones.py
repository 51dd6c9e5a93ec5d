"""Hosted zones that there are already. Source: Route 53 API Reference, CreateHostedZone."""

from __future__ import annotations

from moto.route53.models import route53_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import ServiceRequest


def check(request: ServiceRequest) -> None:
    """A reference is of one request, whatever zone that was for."""
    reference = request.inputs.get("CallerReference")
    known = route53_backends[ACCOUNT]["aws"].zones.values()
    if reference and any(zone.caller_reference == reference for zone in known):
        message = "A hosted zone has already been created with the specified caller reference."
        raise AwsError("HostedZoneAlreadyExists", message, 409)
