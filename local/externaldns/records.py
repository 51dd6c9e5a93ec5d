"""From the records of a zone to those that there should be, by the registry `txt` and the policy `sync`. Pure.

Beside each record that external-dns makes it makes a TXT record that says whose it is. What has none, or another owner,
is left alone (https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.externaldns.hosts import Hosts

Record = Mapping[str, Any]
"""A ResourceRecordSet of Route 53's API."""

_TTL_SECONDS = 60
"""Of an alias to a load balancer, which it would be on AWS."""
_ADDRESSES = ("A", "AAAA", "CNAME")


@dataclass(frozen=True)
class Changes:
    """`batches` are Changes of ChangeResourceRecordSets, one for a host.

    `of_others` are hosts whose records have another owner, or none.
    """

    batches: tuple[list[dict[str, Any]], ...]
    of_others: tuple[str, ...] = ()


def changes(zone: Iterable[Record], desired: Hosts, owner: str) -> Changes:
    """What makes the records of this owner equal to `desired`."""
    records = list(zone)
    owned = _owned(records, owner)
    present = {_host(one): one for one in records if one["Type"] in _ADDRESSES}
    batches: list[list[dict[str, Any]]] = []
    of_others: list[str] = []
    for host, addresses in sorted(desired.items()):
        wanted = [_address(host, addresses), _ownership(host, owner)]
        if host in present and host not in owned:
            of_others.append(host)
        elif host not in owned or _values(present.get(host)) != addresses:
            batches.append([{"Action": "UPSERT", "ResourceRecordSet": one} for one in wanted])
    for host in sorted(owned - desired.keys()):
        gone = [one for one in (present.get(host), _ownership(host, owner)) if one]
        batches.append([{"Action": "DELETE", "ResourceRecordSet": one} for one in gone])
    return Changes(tuple(batches), tuple(of_others))


def zone_of(host: str, zones: Mapping[str, str]) -> str | None:
    """The id of the zone that `host` is in, of several the one with the longest name. `zones` are ids by name."""
    fitting = [name for name in zones if f".{host}.".endswith(f".{name}")]
    return zones[max(fitting, key=len)] if fitting else None


def related(zone: str, domains: Iterable[str]) -> bool:
    """Whether the zone has a domain in it, or is in one (--aws-zone-match-parent)."""
    names = [f".{domain}." for domain in domains]
    return any(name.endswith(f".{zone}") or f".{zone}".endswith(name) for name in names)


def _owned(records: Iterable[Record], owner: str) -> set[str]:
    ours = _owner_text(owner)
    texts = (one for one in records if one["Type"] == "TXT" and one["Name"].startswith("a-"))
    return {_host(one).removeprefix("a-") for one in texts if ours in _values(one)}


def _address(host: str, addresses: frozenset[str]) -> dict[str, Any]:
    values = [{"Value": address} for address in sorted(addresses)]
    return {"Name": f"{host}.", "Type": "A", "TTL": _TTL_SECONDS, "ResourceRecords": values}


def _ownership(host: str, owner: str) -> dict[str, Any]:
    text = [{"Value": _owner_text(owner)}]
    return {"Name": f"a-{host}.", "Type": "TXT", "TTL": _TTL_SECONDS, "ResourceRecords": text}


def _owner_text(owner: str) -> str:
    return f'"heritage=external-dns,external-dns/owner={owner}"'


def _host(record: Record) -> str:
    return record["Name"].rstrip(".")


def _values(record: Record | None) -> frozenset[str]:
    return frozenset(one["Value"] for one in (record or {}).get("ResourceRecords", []))
