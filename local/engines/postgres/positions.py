"""Where a server is in its WAL: timelines, LSNs and segments. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_SHUT_DOWN = ("shut down", "shut down in recovery")


@dataclass(frozen=True)
class Control:
    """`state` in pg_controldata's words; the rest is of the latest checkpoint, or of a standby's restartpoint."""

    system: str
    state: str
    timeline: int
    redo: str
    """LSN from which a recovery starts; that of the checkpoint itself if the server was shut down."""
    segment: str
    """Name of the WAL segment that has `redo`."""
    time: str

    @property
    def shut_down(self) -> bool:
        """Whether the server has ended cleanly: nothing is in its WAL after the checkpoint."""
        return self.state in _SHUT_DOWN


def lsn(text: str) -> int:
    """An LSN as a number of bytes. Raises ValueError."""
    high, _, low = text.partition("/")
    return int(high, 16) << 32 | int(low, 16)


def fork(history: str, timeline: int) -> str | None:
    """LSN at which the descendant whose history file this is left `timeline`; None if it is no descendant of it."""
    for line in history.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == str(timeline):
            return words[1]
    return None


def segment_of(timeline: int, position: str) -> str:
    """Name of the WAL segment of 16 MiB that has an LSN."""
    where = lsn(position)
    return f"{timeline:08X}{where >> 32:08X}{(where & 0xFFFFFFFF) >> 24:08X}"
