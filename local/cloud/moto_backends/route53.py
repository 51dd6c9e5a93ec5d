"""Route 53: a hosted zone that is not signed has no keys, and says so; values of records are text; a change is of the
record sets that it names, by name, type and set identifier."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.route53.exceptions import InvalidActionValue
from moto.route53.models import RecordSet, Route53Backend
from moto.route53.responses import Route53
from moto.route53.utils import validate_domain_name

_status: Any = Route53.get_dnssec
_list: Any = Route53Backend.list_resource_record_sets
_ACTIONS = ("CREATE", "UPSERT", "DELETE")


def install() -> None:
    """Replaces methods of moto's classes, so that pickles keep referring to those classes."""
    Route53.get_dnssec = _with_keys
    Route53Backend.change_resource_record_sets = _changed
    Route53Backend.list_resource_record_sets = _listed
    RecordSet.resource_records = property(_values)  # pyright: ignore[reportAttributeAccessIssue]


def _with_keys(self: Any) -> ActionResult:
    return ActionResult({**_status(self).result, "KeySigningKeys": []})


def _values(self: Any) -> list[dict[str, str]] | None:
    """moto keeps the values of the zone's own SOA in another form than those of requests."""
    return [{"Value": one["Value"] if isinstance(one, dict) else one} for one in self.records or ()] or None


def _changed(self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> None:
    """moto deletes each record set of the zone that has the set identifier. What AWS refuses was refused before."""
    zone = self.get_hosted_zone(zoneid)
    for change in change_list:
        validate_domain_name(change["ResourceRecordSet"]["Name"], code="InvalidChangeBatch")
        if change["Action"] not in _ACTIONS:
            raise InvalidActionValue(change["Action"])
    deleted = [change["ResourceRecordSet"] for change in change_list if change["Action"] == "DELETE"]
    made: list[Any] = [RecordSet(_stored(c["ResourceRecordSet"])) for c in change_list if c["Action"] != "DELETE"]
    gone = {_key(each["Name"], each["Type"], each.get("SetIdentifier")) for each in deleted}
    fresh = {_key(each.name, each.type, each.set_identifier): each for each in made}
    known: list[Any] = zone.rrsets
    kept = [each for each in known if _key(each.name, each.type, each.set_identifier) not in gone | fresh.keys()]
    zone.rrsets = [*kept, *fresh.values()]


def _listed(self: Any, zone_id: str, start_type: str, start_name: str, max_items: int) -> Any:
    """moto looks for the name as the request spells it."""
    return _list(self, zone_id, start_type, full_name(start_name) if start_name else start_name, max_items)


def full_name(name: str) -> str:
    """In lower case, with its dot and its asterisk: the form in which names are compared and kept.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
    """
    return name.lower().replace("\\052", "*").rstrip(".") + "."


def _key(name: str, type: str | None, set_id: str | None) -> tuple[str, str | None, str]:
    return full_name(name), type, set_id or ""


def _stored(record: dict[str, Any]) -> dict[str, Any]:
    stored = {**record, "Name": full_name(record["Name"])}
    if "ResourceRecords" in record:
        stored["ResourceRecords"] = [one["Value"] for one in record["ResourceRecords"]]
    return stored
