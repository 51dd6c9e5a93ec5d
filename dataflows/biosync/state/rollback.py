"""Going back to earlier software: to the snapshot from which others went on. Pure.

Software is an image, by its name. When it changes, the manifest of the new one notes the snapshot with which it begins,
for the software before it (Earlier). The notes are a stack: A, then B, then C leaves A's and B's. Whoever of them comes
again goes on from its own snapshot, as if the others had never been, and the notes of those after it are dropped. So it
computes what it would have computed all along, and nothing of the others' states gets into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dataflows.biosync.state.manifest import Earlier, Foreign, Manifest, Snapshot

ROLLBACK_MS = 3_600_000
"""For how long after a change its software can be gone back to, in ms. Everything since the change is computed again,
and meanwhile nothing of the moment is: more than an hour of it would leave the stream behind for longer than going back
is worth. For as long the bucket keeps what its snapshot consists of, up to as much again for each change."""


def target(newest: Manifest | Foreign, software: str, now: int) -> Earlier | None:
    """What this software goes back to, if other software has the partition and it had it before; `now` in Unix ms."""
    return next((one for one in kept(newest.earlier, now) if one.software == software), None)


def kept(earlier: Sequence[Earlier], now: int) -> list[Earlier]:
    """Those that can be gone back to still; `now` in Unix ms."""
    return [one for one in earlier if now - one.until <= ROLLBACK_MS]


def below(newest: Manifest | Foreign, target: Earlier, now: int) -> list[Earlier]:
    """What is left when this one is gone back to: those who had the partition before it; `now` in Unix ms."""
    return kept(newest.earlier[: newest.earlier.index(target)], now)


def following(newest: Manifest, snapshot: Snapshot | None, software: str, now: int) -> list[Earlier]:
    """Those of the manifest with which this software goes on from `snapshot`; `now` in Unix ms.

    None without a snapshot: of what the software before has computed, there is nothing then that it could go back to.
    Its own is dropped: it was not gone back to, and what this software computes now follows from the states of others.
    """
    earlier = kept(newest.earlier, now)
    if newest.software == software:
        return earlier
    others = [one for one in earlier if one.software != software]
    return [*others, Earlier(newest.software, snapshot, now)] if snapshot else others


def described(target: Earlier, newest: Manifest | Foreign) -> str:
    """What it is to go back to this one, for a log."""
    taken = datetime.fromtimestamp(target.snapshot.taken / 1000, UTC)
    return f"back to the state of {target.software} from {taken:%H:%M} UTC, with which {_next(target, newest)} went on"


def _next(target: Earlier, newest: Manifest | Foreign) -> str:
    """The software that came after this one."""
    later = newest.earlier[newest.earlier.index(target) + 1 :]
    return later[0].software if later else newest.software
