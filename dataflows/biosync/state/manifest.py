"""The manifest of a partition's snapshots in S3: what they consist of, and who wrote them. Pure.

    <prefix>/<partition>/manifests/<epoch>                        JSON, a Manifest
    <prefix>/<partition>/segments/<epoch>-<snapshot>-<part>       MessagePack, user -> encoded state, null: deleted
    <prefix>/<partition>/segments/<epoch>-<snapshot>-unwritten    the results that were not written (sink/results.py)

Segments are written first and never again, the manifest last. Each start of a dataflow is an epoch: it creates the
manifest of the next one, which fails when another has it already, and from then on replaces only that one, if it is
still as it left it. So nobody overwrites the manifest of a later epoch, not even by way of the bucket's replication,
which knows no conditions: that is why the epoch is part of the key.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

import msgspec

from dataflows.biosync.place import Place

STATE_VERSION = 1
"""Of the layout of a state (signal/person.py) and of these formats: raised when software from before cannot read it."""
FORMAT = "aura.biosync.state"
_PART_BYTES = 8 << 20


class Object(msgspec.Struct, frozen=True):
    """An object in the bucket: its name under `segments/`, SHA-256 in hexadecimal, and size in bytes."""

    name: str
    sha256: str
    size: int


class Retired(msgspec.Struct, frozen=True):
    """An object that no snapshot has needed since that moment, in Unix ms."""

    object: Object
    since: int


class Snapshot(msgspec.Struct, frozen=True):
    """The states of a partition at `place`: those of the segments, of which a later one replaces an earlier one's."""

    epoch: int
    number: int
    """Of the snapshot in its epoch."""
    place: Place
    taken: int
    """Unix ms."""
    persons: int
    segments: list[Object]
    unwritten: Object | None
    """None when everything was written."""

    @property
    def name(self) -> str:
        return f"{self.epoch}-{self.number}"

    @property
    def objects(self) -> list[Object]:
        return [*self.segments, *([self.unwritten] if self.unwritten else [])]


class Earlier(msgspec.Struct, frozen=True):
    """Software that had the partition before, and the snapshot with which other software went on from it (rollback.py).

    The layout of this is the same in every STATE_VERSION: software from before has to find its own in a manifest of
    which it can read nothing else.
    """

    software: str
    snapshot: Snapshot
    until: int
    """When the other went on, in Unix ms."""


class Manifest(msgspec.Struct, frozen=True):
    """The newest snapshot, the one before, those that earlier software can go back to, and what none of them needs.

    What has a default may be missing: software from before did not know it. It ignores what it does not know.
    """

    topic: str
    partition: int
    epoch: int
    writer: str
    """Unique to a start of the dataflow."""
    pod: str
    software: str
    """The image that wrote it."""
    snapshots: list[Snapshot] = []
    """The newest first; none in a stream that has read nothing."""
    retired: list[Retired] = []
    earlier: list[Earlier] = []
    """Of other software than `software`, each at most once, in the order in which they had the partition."""
    went_back: int = 0
    """The latest epoch that went back to a snapshot of `earlier`, 0 for none. What lies in manifests of epochs before
    that one came to nothing."""
    state_version: int = STATE_VERSION
    format: Literal["aura.biosync.state"] = FORMAT


class _Header(msgspec.Struct):
    epoch: int
    software: str
    state_version: int
    format: Literal["aura.biosync.state"]


class _Past(msgspec.Struct):
    earlier: list[Earlier] = []


class Foreign(msgspec.Struct, frozen=True):
    """A manifest that this software cannot read, and why. Of one in another state version it knows who wrote it, and
    what earlier software can go back to."""

    epoch: int
    why: str
    software: str = ""
    earlier: list[Earlier] = []


class Damaged(ValueError):
    """An object is not what the manifest says."""


_encode = msgspec.json.Encoder().encode
encode_segment = msgspec.msgpack.Encoder().encode
_segment = msgspec.msgpack.Decoder(dict[str, bytes | None]).decode


def encode(manifest: Manifest) -> bytes:
    return _encode(manifest)


def decode(key_epoch: int, data: bytes) -> Manifest | Foreign:
    """The manifest of this epoch."""
    try:
        header = msgspec.json.decode(data, type=_Header)
        if header.state_version != STATE_VERSION:
            versions = f"state version {header.state_version}, and this software reads {STATE_VERSION}"
            why = f"{header.software} wrote it in {versions}: run that software again"
            return Foreign(key_epoch, why, header.software, _earlier(data))
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        return Foreign(key_epoch, f"it is no manifest: {error}")
    if manifest.epoch != key_epoch:
        return Foreign(key_epoch, f"it says that it is of epoch {manifest.epoch}")
    return manifest


def _earlier(data: bytes) -> list[Earlier]:
    """Of a manifest in another state version; none when it has them in another layout."""
    try:
        return msgspec.json.decode(data, type=_Past).earlier
    except msgspec.MsgspecError:
        return []


def parts(changes: dict[str, bytes | None], most: int = _PART_BYTES) -> list[dict[str, bytes | None]]:
    """The changes in parts of about this many bytes, so that no more than that is encoded at a time."""
    found: list[dict[str, bytes | None]] = []
    size = most
    for user, state in changes.items():
        if size >= most:
            found.append({})
            size = 0
        found[-1][user] = state
        size += len(user) + len(state or b"")
    return found


def described(name: str, data: bytes) -> Object:
    return Object(name, sha256(data).hexdigest(), len(data))


def verified(object: Object, data: bytes) -> bytes:
    """The same data; raises Damaged."""
    if len(data) != object.size:
        raise Damaged(f"segment {object.name} has {len(data)} of its {object.size} bytes")
    if sha256(data).hexdigest() != object.sha256:
        raise Damaged(f"segment {object.name} has another SHA-256 than the manifest says")
    return data


def read_segment(object: Object, data: bytes) -> dict[str, bytes | None]:
    """The states in the verified data of a segment; raises Damaged."""
    try:
        return _segment(data)
    except msgspec.MsgspecError as error:
        raise Damaged(f"segment {object.name} is no segment: {error}") from error
