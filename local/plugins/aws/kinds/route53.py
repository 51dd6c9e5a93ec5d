"""Hosted zones and record sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Literal, Search, SeparateCall, Tags
from local.plugins.provider.values import Values


def _empty(call: Callable[[Call], Any], known: Values) -> None:
    """Delete every record set except the two that AWS creates."""
    found = call(Call("ListResourceRecordSets", {"HostedZoneId": "{id}"}))["ResourceRecordSets"]
    own = [record for record in found if record["Type"] not in ("NS", "SOA")]
    for record in own:
        change = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": Literal(record)}]}
        call(Call("ChangeResourceRecordSets", {"HostedZoneId": "{id}", "ChangeBatch": change}))


def _set(action: str, of: str = "") -> dict[str, Any]:
    names = {
        "Name": "name",
        "Type": "type",
        "TTL": "ttl",
        "ResourceRecords": "values",
        "AliasTarget": "alias",
        "SetIdentifier": "setIdentifier",
        "HealthCheckId": "healthCheckId",
        "Failover": "failover",
    }
    return {"Action": action, "ResourceRecordSet": {member: f"{{{of}{name}}}" for member, name in names.items()}}


def _change(*changes: dict[str, Any]) -> Call:
    return Call("ChangeResourceRecordSets", {"HostedZoneId": "{zoneId}", "ChangeBatch": {"Changes": list(changes)}})


def _exchange(old: Values, known: Values) -> list[Call]:
    """One batch: a record of another type or set is another one to AWS."""
    return [_change(_set("DELETE", "old."), _set("CREATE"))]


def _absolute(known: Values) -> str:
    return f"{str(known.get('name')).rstrip('.')}."


def _alias(known: Values) -> Any:
    for alias in known.get("aliases") or ():
        return {
            "HostedZoneId": alias["zoneId"],
            "DNSName": alias["name"],
            "EvaluateTargetHealth": alias["evaluateTargetHealth"],
        }
    return None


def _failover(known: Values) -> Any:
    policies = known.get("failoverRoutingPolicies")
    return policies[0]["type"] if isinstance(policies, list) and policies else None


def _values(known: Values) -> Any:
    records = known.get("records")
    return [{"Value": value} for value in records] if isinstance(records, list) else None


KINDS = (
    Kind(
        type="aws:route53/zone:Zone",
        service="route53",
        create=Call(
            "CreateHostedZone",
            {"Name": "{name}", "CallerReference": "{name}", "HostedZoneConfig": {"Comment": "{comment}"}},
        ),
        id=".HostedZone.Id",
        search=Search(
            Call("ListHostedZonesByName", {"DNSName": "{name}"}),
            "HostedZones[?Name == '{domain}' && CallerReference == '{name}'].Id",
        ),
        derive={"domain": _absolute},
        read=Call("GetHostedZone", {"Id": "{id}"}),
        found="@",
        modify=Call("UpdateHostedZoneComment", {"Id": "{id}", "Comment": "{comment}"}),
        purge=_empty,
        delete=Call("DeleteHostedZone", {"Id": "{id}"}),
        name="name",
        defaults={"comment": "Managed by Pulumi"},
        observe={"name": "", "comment": "HostedZone.Config.Comment"},
        inputs=Inputs(
            source="internal/service/route53/zone.go", in_place="comment", replacing="name", steering="forceDestroy"
        ),
        outputs={
            "zoneId": "'{id}'",
            "arn": "'arn:aws:route53:::hostedzone/{id}'",
            "nameServers": "DelegationSet.NameServers",
        },
        tags=Tags(
            create="",
            set=Call(
                "ChangeTagsForResource", {"ResourceType": "hostedzone", "ResourceId": "{id}", "AddTags": "{tagSet}"}
            ),
            unset=Call(
                "ChangeTagsForResource",
                {"ResourceType": "hostedzone", "ResourceId": "{id}", "RemoveTagKeys": "{tagKeys}"},
            ),
            path="ResourceTagSet.Tags",
            lookup=Call("ListTagsForResource", {"ResourceType": "hostedzone", "ResourceId": "{id}"}),
        ),
    ),
    Kind(
        type="aws:route53/record:Record",
        service="route53",
        create=_change(_set("UPSERT")),
        modify=_change(_set("UPSERT")),
        id="{zoneId}_{name}_{type}{suffix}",
        upsert=True,
        derive={
            "fqdn": _absolute,
            "values": _values,
            "alias": _alias,
            "failover": _failover,
            "suffix": lambda known: f"_{known['setIdentifier']}" if known.get("setIdentifier") else "",
            "identified": lambda known: known.get("setIdentifier") or "",
        },
        read=Call(
            "ListResourceRecordSets",
            {"HostedZoneId": "{zoneId}", "StartRecordName": "{name}", "StartRecordType": "{type}"},
        ),
        found="ResourceRecordSets[?Name == '{fqdn}' && Type == '{type}' && (SetIdentifier || '') == '{identified}']"
        " | [0]",
        delete=_change(_set("DELETE")),
        observe={
            "zoneId": "",
            "name": "",
            "records": "ResourceRecords[].Value",
            "aliases": "AliasTarget && [AliasTarget.{zoneId: HostedZoneId, name: DNSName}]",
            "failoverRoutingPolicies": "Failover && [{type: Failover}]",
        },
        derived_from=frozenset({"records", "aliases", "failoverRoutingPolicies"}),
        inputs=Inputs(
            source="internal/service/route53/record.go",
            in_place="aliases failoverRoutingPolicies healthCheckId records setIdentifier ttl type",
            replacing="zoneId name",
            steering="allowOverwrite",
            sets="records",
        ),
        separate=(SeparateCall(("type", "setIdentifier"), _exchange, created=True),),
        outputs={"fqdn": "Name"},
    ),
)
