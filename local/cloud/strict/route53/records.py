"""Record sets of a request and of moto's zones, in the form in which `batch` compares them."""

from __future__ import annotations

from typing import Any

from moto.route53.models import route53_backends

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.route53 import full_name
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import ServiceRequest
from local.cloud.strict.route53.batch import Change, Key, Settings, troubles


def check(request: ServiceRequest) -> None:
    """An unknown zone is moto's to refuse."""
    id = request.inputs.get("HostedZoneId", "").replace("/hostedzone/", "")
    zone = route53_backends[ACCOUNT]["aws"].zones.get(id)
    if zone is None:
        return
    changes = [_change(each) for each in (request.inputs.get("ChangeBatch") or {}).get("Changes") or ()]
    known = {_key(each.name, each.type, each.set_identifier): _kept(each) for each in zone.rrsets}
    if found := troubles(full_name(zone.name), known, changes):
        raise AwsError("InvalidChangeBatch", f"[{', '.join(found)}]", 400)


def _key(name: str, type: str | None, set_id: str | None) -> Key:
    return full_name(name), type or "", set_id or ""


def _change(given: dict[str, Any]) -> Change:
    record: dict[str, Any] = given.get("ResourceRecordSet") or {}
    values = tuple(_value(each) for each in record.get("ResourceRecords") or ())
    key = _key(record.get("Name") or "", record.get("Type"), record.get("SetIdentifier"))
    policies = [record.get(name) for name in ("Weight", "Region", "Failover", "HealthCheckId", "MultiValueAnswer")]
    return Change(
        given.get("Action", ""), key, _settings(record.get("TTL"), values, record.get("AliasTarget"), policies), values
    )


def _kept(record: Any) -> Settings:
    values = tuple(_value(each) for each in record.records or ())
    policies = [record.weight, record.region, record.failover, record.health_check_id, record.multi_value_answer]
    return _settings(record.ttl, values, record.alias_target, policies)


def _settings(ttl: Any, values: tuple[str, ...], alias: dict[str, Any] | None, policies: list[Any]) -> Settings:
    """As text, since moto keeps what a request says."""
    to = alias or {}
    return {
        "ttl": str(ttl or 0),
        "values": sorted(value.rstrip(".") for value in values),
        "alias": full_name(to["DNSName"]) if to.get("DNSName") else "",
        "policies": ["" if policy is None else str(policy).lower() for policy in policies],
    }


def _value(given: Any) -> str:
    return str(given.get("Value", "") if isinstance(given, dict) else given)
