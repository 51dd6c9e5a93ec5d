"""What a drill has shown, and how it is printed."""

from __future__ import annotations

import msgspec
from rich.table import Table


class Drill(msgspec.Struct, frozen=True):
    mode: str
    users: int
    rto_s: float
    """From the loss, or the start of the switchover, until frames were acknowledged again: the longest silence."""
    refused_s: float
    """The longest time in which no gateway said that its region serves."""
    recovery_s: float
    """Actual recovery time of the plan."""
    acknowledged: int
    """Frames."""
    lost: int
    """Rows of acknowledged beats that are missing or differ in the store of the region that took over."""
    doubled: int
    """Pushes of one event that a person got twice."""
    unacknowledged: int
    """Frames that were sent and never acknowledged."""
    failback_s: float
    writers_max: int
    """Regions that said at once that they serve."""
    accepted: str
    """The loss that was accepted beforehand; "" without one."""
    difference: str
    """An example of what is lost."""

    @property
    def good(self) -> bool:
        """One writer; without a loss unless one was accepted; and everybody's frames came through."""
        return self.writers_max == 1 and self.unacknowledged == 0 and (self.lost == 0 or bool(self.accepted))


def table(drills: list[Drill]) -> Table:
    shown = Table(box=None, pad_edge=False)
    columns = "mode", "RTO", "refused", "plan", "acknowledged", "lost rows", "doubled", "back", "regions at once"
    for name in columns:
        shown.add_column(name, justify="left" if name == "mode" else "right")
    for one in drills:
        shown.add_row(
            one.mode,
            *(f"{seconds:.1f} s" for seconds in (one.rto_s, one.refused_s, one.recovery_s)),
            *(f"{number:,}" for number in (one.acknowledged, one.lost, one.doubled)),
            f"{one.failback_s:.1f} s",
            str(one.writers_max),
        )
    return shown
