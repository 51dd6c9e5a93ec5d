"""The loss of regions as values: what is lost, and who reaches whom meanwhile. Pure."""

from __future__ import annotations

import msgspec

COAST_TO_COAST_MS = 60.0
"""Round trip between us-west-2 and us-east-1, about."""
MOST_MS = 10_000.0
OUTSIDE = ""
"""In place of a region: clients, operators, and global services such as IAM and Route 53."""


class Invalid(ValueError):
    """The message says what is possible."""


class Loss(msgspec.Struct, frozen=True, omit_defaults=True):
    """`killed` regions have no process and answer nothing; `cut` ones run on, and nobody outside reaches them."""

    latency_ms: float = COAST_TO_COAST_MS
    """Round trip between two regions."""
    killed: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    refusing: bool = False
    """Whether every call of a control plane of AWS is refused."""

    @property
    def nothing(self) -> bool:
        """Whether every region is there; calls may be refused all the same."""
        return not self.killed and not self.cut

    @property
    def one_way(self) -> float:
        """Seconds that a byte takes from one region to another."""
        return self.latency_ms / 2000

    def lost(self, region: str) -> bool:
        """Whether nobody outside reaches the region."""
        return region in self.killed or region in self.cut


def kill(loss: Loss, region: str) -> Loss:
    return msgspec.structs.replace(loss, killed=_with(loss.killed, region))


def partition(loss: Loss, region: str) -> Loss:
    return msgspec.structs.replace(loss, cut=_with(loss.cut, region))


def restore(loss: Loss, region: str) -> Loss:
    """Whatever it was: killed, cut off or both."""
    killed, cut = (tuple(one for one in those if one != region) for those in (loss.killed, loss.cut))
    return msgspec.structs.replace(loss, killed=killed, cut=cut)


def delayed(loss: Loss, latency_ms: float) -> Loss:
    """Raises Invalid."""
    if not 0 <= latency_ms <= MOST_MS:
        raise Invalid(f"{latency_ms:g} ms is no latency between regions; give a round trip from 0 to {MOST_MS:g} ms")
    return msgspec.structs.replace(loss, latency_ms=latency_ms)


def refuse_calls(loss: Loss, refusing: bool) -> Loss:
    return msgspec.structs.replace(loss, refusing=refusing)


def reaches(loss: Loss, one: str, other: str) -> bool:
    """Whether a program in region `one` and another in `other`, or OUTSIDE, reach each other."""
    if one in loss.killed or other in loss.killed:
        return False
    return one == other or not (one in loss.cut or other in loss.cut)


def passes(loss: Loss, region: str, origin: str | None) -> bool:
    """Whether what comes to `region` over its link from `origin` is let through; None: from any other region."""
    return loss.nothing if origin is None else reaches(loss, region, origin)


def condition(loss: Loss, region: str) -> str:
    """As people read it."""
    if region in loss.killed:
        return "killed"
    return "cut off" if region in loss.cut else "there"


def _with(those: tuple[str, ...], region: str) -> tuple[str, ...]:
    return those if region in those else tuple(sorted((*those, region)))
