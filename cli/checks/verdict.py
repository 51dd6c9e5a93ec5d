"""Compares the store with an offline computation of the same beats, and pushes with events."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import psycopg
from pydantic import TypeAdapter

from cli.progress.steps import StepFailed
from contracts.beats import MAX_RR_MS, MIN_RR_MS
from contracts.biostream import BioStreamSpec
from contracts.platform import NAMESPACE
from contracts.records import StoredFrame, StoredMovement
from contracts.stream import Frame
from dataflows.biosync.signal.row import Row, row
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.signal.spec import rules_from_spec
from dataflows.biosync.tools import stored
from dataflows.biosync.tools.offline import compute_frames
from local.observe import kube
from local.site import Site
from local.wearables.beats import Beat
from local.wearables.frames import DEVICE, frames
from local.wearables.motion import Moved
from local.wearables.report import Report

TIMEOUT_SECONDS = 60.0
BIOSTREAM, STORE_SECRET = "bio-sync", "timeseries-app"

Rows = dict[tuple[str, int], Row]
"""By user and Unix ms of the window's end."""


@dataclass
class Verdict:
    """`push_ms` is from the arrival of the frame that completed an event's evidence to its push at the wearable."""

    rows: int = 0
    rows_different: int = 0
    events: int = 0
    events_different: int = 0
    example: str = ""
    push_ms: list[float] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether there was something to compare and all of it is equal: without a row nothing is proved."""
        return self.rows > 0 and self.rows_different == 0 and self.events_different == 0


async def verify(
    site: Site, region: str, sent: dict[str, list[Beat]], motion: dict[str, list[Moved]], report: Report
) -> Verdict:
    """Compares once the store is complete and every event has been pushed, or after a minute."""
    uri, declared = await asyncio.to_thread(_declared, site, region)
    rows, events = await asyncio.to_thread(expected, sent, declared, motion)
    if not rows:
        return Verdict(example=no_row(sent, declared))
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        found, received = await asyncio.to_thread(_found, uri, list(sent))
        verdict = compare(rows, events, found, received, report)
        done = verdict.sound and len({p.event_id for p in report.pushes}) >= len(events)
        if done or time.monotonic() > deadline:
            return verdict
        await asyncio.sleep(0.25)


def expected(
    sent: dict[str, list[Beat]], declared: Rules, motion: dict[str, list[Moved]] | None = None
) -> tuple[Rows, set[str]]:
    """Expected rows and event ids of these beats and movements, in the frames in which wearables send them: where
    several beats came with one time, their places depend on it. Those that ingest does not store whenever they come are
    left out."""
    rows: Rows = {}
    events: set[str] = set()
    for user, beats in sent.items():
        moved = (motion or {}).get(user, [])
        stored_frames = [_stored(user, timed.frame) for timed in frames(beats, DEVICE, 1.0, moved)] if beats else []
        for windows, raised in compute_frames(stored_frames, declared).values():
            rows |= {(user, window.at): row(window) for window in windows}
            events |= {event.event_id for event in raised}
    return rows, events


def _stored(user: str, frame: Frame) -> StoredFrame:
    """The frame as ingest stores it, received with its last beat."""
    kept = [sample for sample in frame.samples if MIN_RR_MS <= sample.rr <= MAX_RR_MS]
    received = frame.samples[-1].t
    t, rr = [sample.t for sample in kept], [sample.rr for sample in kept]
    movement = None
    if frame.motion:
        movement = StoredMovement([each.t for each in frame.motion], [each.motion_mg for each in frame.motion])
    return StoredFrame(user, frame.device, frame.seq, received, "", t, rr, movement)


def no_row(sent: dict[str, list[Beat]], declared: Rules) -> str:
    """Why these beats give no row."""
    low, high, every = declared.cleanse.min_rr, declared.cleanse.max_rr, declared.hrv.every
    beats = sum(map(len, sent.values()))
    usable = sum(low <= rr <= high for own in sent.values() for _, rr in own)
    span = max((own[-1][0] - own[0][0] for own in sent.values() if own), default=0)
    return (
        f"{beats:,} beats gave no row, so nothing was compared: {usable:,} of their intervals are within {low:g} to "
        f"{high:g} ms, the longest series has {span / 1000:g} s, and a row is computed every {every / 1000:g} s"
    )


def compare(rows: Rows, events: set[str], found: Rows, received: dict[str, int], report: Report) -> Verdict:
    """`received`: Unix ms of arrival by id of the events in the store."""
    different = [key for key in rows.keys() | found.keys() if rows.get(key) != found.get(key)]
    unmatched = events ^ received.keys()
    example = ""
    if different:
        key = min(different)
        example = f"{key[0]} at {key[1]}: expected {rows.get(key)}, stored {found.get(key)}"
    elif unmatched:
        example = f"event {min(unmatched)}"
    delays = [float(p.at - received[p.event_id]) for p in report.pushes if p.event_id in received]
    return Verdict(len(rows), len(different), len(received), len(unmatched), example, delays)


def _declared(site: Site, region: str) -> tuple[str, Rules]:
    """URI of the store and rules of the BioStream."""
    api = kube.connect(site.kubeconfig(region))
    try:
        secret = kube.secret(api, NAMESPACE, STORE_SECRET)
        spec = kube.spec(api, "biostreams", NAMESPACE, BIOSTREAM)
    finally:
        api.close()
    if secret is None:
        raise StepFailed(f"no Secret {STORE_SECRET}: the time-series database is not ready; see `aura status`")
    return secret["uri"], rules_from_spec(TypeAdapter(BioStreamSpec).validate_python(spec))


def _found(uri: str, users: list[str]) -> tuple[Rows, dict[str, int]]:
    with psycopg.connect(uri) as connection:
        rows = {(user, row.at): row for user, own in stored.rows(connection, users) for row in own}
        return rows, {event.event_id: event.received for event in stored.events(connection, users)}
