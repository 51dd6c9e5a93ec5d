"""What a zone's record sets must be for a batch of changes, and after it. Pure.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html; the messages are AWS's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.cloud.strict.route53.values import trouble

Key = tuple[str, str, str]
"""Name in lower case with its dot, type, and set identifier: there is one record set of each."""
Settings = Mapping[str, Any]
"""What else a record set has, in a form that can be compared."""


@dataclass(frozen=True)
class Change:
    action: str
    """CREATE, UPSERT or DELETE."""
    key: Key
    settings: Settings
    values: tuple[str, ...] = ()


def troubles(zone: str, known: Mapping[Key, Settings], changes: Sequence[Change]) -> list[str]:
    """AWS's messages for what keeps it from the changes; `zone` ends with a dot. Deletions make room for the others,
    wherever in the batch they are."""
    found = [text for change in changes for text in (*_outside(zone, change), *_values(change))]
    left = dict(known)
    for change in changes:
        if change.action == "DELETE":
            found += _not_deleted(left, change)
            left.pop(change.key, None)
    for change in changes:
        if change.action == "CREATE" and change.key in left:
            found.append(f"Tried to create resource record set {_named(change.key)} but it already exists")
        if change.action != "DELETE":
            left[change.key] = change.settings
    for change in changes:
        if change.action != "DELETE":
            found += _beside(zone, left, change)
    return [*found, *_own(zone, known, left)]


def _outside(zone: str, change: Change) -> Iterator[str]:
    name = change.key[0]
    if not f".{name}".endswith(f".{zone}"):
        yield f"RRSet with DNS name {name} is not permitted in zone {zone}"


def _values(change: Change) -> Iterator[str]:
    if change.action != "DELETE":
        yield from filter(None, (trouble(change.key[1], value) for value in change.values))


def _not_deleted(known: Mapping[Key, Settings], change: Change) -> Iterator[str]:
    tried = f"Tried to delete resource record set {_named(change.key)} but"
    if change.key not in known:
        yield f"{tried} it was not found"
    elif known[change.key] != change.settings:
        yield f"{tried} the values provided do not match the current values"


def _beside(zone: str, records: Mapping[Key, Settings], change: Change) -> Iterator[str]:
    """A CNAME has its name for itself, and the apex has others."""
    name, type, _ = change.key
    others = {other for at, other, _ in records if at == name} - {type}
    if type == "CNAME" and name == zone:
        yield f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}"
    elif type == "CNAME" and others:
        conflict = "as it conflicts with other records with the same DNS name"
        yield f"RRSet of type CNAME with DNS name {name} is not permitted {conflict} in zone {zone}"
    elif "CNAME" in others:
        conflict = "because a conflicting RRSet of type CNAME with the same DNS name already exists"
        yield f"RRSet of type {type} with DNS name {name} is not permitted {conflict} in zone {zone}"


def _own(zone: str, before: Mapping[Key, Settings], after: Mapping[Key, Settings]) -> Iterator[str]:
    for type, message in (
        ("NS", "A HostedZone must contain at least one NS record for the zone itself."),
        ("SOA", "A HostedZone must contain exactly one SOA record."),
    ):
        if (zone, type, "") in before and (zone, type, "") not in after:
            yield message


def _named(key: Key) -> str:
    name, type, set_id = key
    return f"[name='{name}', type='{type}'" + (f", set identifier='{set_id}']" if set_id else "]")
