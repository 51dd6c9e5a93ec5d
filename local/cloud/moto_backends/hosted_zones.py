"""moto's hosted zones, record sets and health checks as the DNS server takes them. Call under the context's lock."""

from __future__ import annotations

from typing import Any

from moto.route53.models import route53_backends

from local.cloud.context import ACCOUNT
from local.dns.model import Alias, HealthCheck, Record, Zone


def zones() -> tuple[Zone, ...]:
    """Public hosted zones."""
    known = route53_backends[ACCOUNT]["aws"].zones.values()
    return tuple(
        Zone(_name(zone.name), tuple(_record(record) for record in zone.rrsets))
        for zone in known
        if not zone.private_zone
    )


def checks() -> tuple[HealthCheck, ...]:
    return tuple(_check(check) for check in route53_backends[ACCOUNT]["aws"].health_checks.values())


def _name(name: str) -> str:
    return name.lower().replace("\\052", "*").rstrip(".") + "."


def _record(given: Any) -> Record:
    alias = given.alias_target
    return Record(
        name=_name(given.name),
        type=given.type,
        ttl=int(given.ttl or 0),
        values=tuple(value["Value"] if isinstance(value, dict) else value for value in given.records or ()),
        set_id=given.set_identifier or "",
        alias=Alias(_name(alias["DNSName"]), _true(alias.get("EvaluateTargetHealth"))) if alias else None,
        health_check=given.health_check_id or "",
        failover=given.failover or "",
        weight=None if given.weight is None else int(given.weight),
        region=given.region or "",
        multivalue=_true(given.multi_value_answer),
    )


def _check(given: Any) -> HealthCheck:
    return HealthCheck(
        id=given.id,
        type=given.type_,
        host=given.fqdn or "",
        address=given.ip_address or "",
        port=int(given.port),
        path=given.resource_path or "/",
        search=given.search_string or "",
        interval=float(given.request_interval),
        threshold=int(given.failure_threshold),
        sni=_true(given.enable_sni),
        inverted=_true(given.inverted),
        disabled=_true(given.disabled),
        children=tuple(given.children or ()),
        healthy_children=int(given.health_threshold or 0),
    )


def _true(value: Any) -> bool:
    """moto keeps what a request says, as text."""
    return str(value).lower() == "true"
