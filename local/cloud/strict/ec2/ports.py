"""Ports of the rules of security groups. Source: Amazon EC2 API Reference, IpPermission."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest

_WITH_PORTS = ("tcp", "udp", "6", "17")
_HIGHEST = 65535


def refusal(protocol: str, first: int | None, last: int | None) -> AwsError | None:
    """Why a rule with these ports is refused; None when it is not. Other protocols have no ports."""
    if protocol.lower() not in _WITH_PORTS:
        return None
    if first is None or last is None:
        return _invalid("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
    for port in (first, last):
        if not 0 <= port <= _HIGHEST:
            return _invalid(f"TCP/UDP port ({port}) out of range")
    if first > last:
        return _invalid(f"TCP/UDP from port ({first}) exceeds to port ({last})")
    return None


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)


def _check(request: ServiceRequest) -> None:
    for rule in _rules(request.inputs):
        if error := refusal(str(rule["IpProtocol"]), rule.get("FromPort"), rule.get("ToPort")):
            raise error


def _rules(inputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those of the request, in each of the forms in which it may give them."""
    given = [inputs, *(inputs.get("IpPermissions") or ())]
    given += [one.get("SecurityGroupRule") or {} for one in inputs.get("SecurityGroupRules") or ()]
    return (one for one in given if one.get("IpProtocol"))


RULES: Rules = {("ec2", f"AuthorizeSecurityGroup{way}"): _check for way in ("Ingress", "Egress")}
RULES["ec2", "ModifySecurityGroupRules"] = _check
