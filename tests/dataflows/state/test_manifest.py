"""Manifests between releases: software from before and after reads what it knows of them."""

from __future__ import annotations

import json

import msgspec

from dataflows.biosync.place import Place
from dataflows.biosync.state.manifest import Earlier, Foreign, Manifest, Object, Snapshot, decode, encode

TAKEN = Snapshot(1, 2, Place("west", 9, 9), 9, 1, [Object("a", "", 1)], None)
MANIFEST = Manifest("raw", 0, 2, "w", "p", "b:1", [TAKEN], earlier=[Earlier("a:1", TAKEN, 10)], went_back=2)


class Before(msgspec.Struct):
    """What a release knew of a manifest that could not go back."""

    topic: str
    epoch: int
    software: str
    snapshots: list[Snapshot]
    retired: list[object]
    state_version: int


def test_software_from_before_ignores_what_it_does_not_know_and_leaves_out_can_be_missing() -> None:
    assert decode(2, encode(MANIFEST)) == MANIFEST
    before = msgspec.json.decode(encode(MANIFEST), type=Before)
    assert before.snapshots == [TAKEN] and before.state_version == 1
    found = decode(2, msgspec.json.encode({**json.loads(encode(MANIFEST)), "earlier": [], "went_back": 0}))
    fewer = {name: one for name, one in json.loads(encode(MANIFEST)).items() if name not in ("earlier", "went_back")}
    assert decode(2, msgspec.json.encode(fewer)) == found == msgspec.structs.replace(MANIFEST, earlier=[], went_back=0)


def test_of_another_state_version_it_is_known_who_wrote_it_and_what_can_be_gone_back_to() -> None:
    newer = {**json.loads(encode(MANIFEST)), "state_version": 2, "snapshots": "in another layout"}
    found = decode(2, msgspec.json.encode(newer))
    assert isinstance(found, Foreign) and "b:1 wrote it in state version 2" in found.why
    assert (found.software, found.earlier) == ("b:1", MANIFEST.earlier)
    for unknown in ("in another layout", [{"software": "a:1"}]):
        found = decode(2, msgspec.json.encode({**newer, "earlier": unknown}))
        assert isinstance(found, Foreign) and found.earlier == [] and "run that software again" in found.why
