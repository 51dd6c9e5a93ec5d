"""Demotion tokens: what a primary cluster says when it has become a replica, and what its successor waits for. Pure.

The encoding and the comparisons are those of CloudNativePG 1.30 (pkg/utils/parser.go, pkg/promotiontoken).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from enum import Enum, auto

from local.engines.postgres.positions import Control, lsn

OPERATOR_VERSION = "1.30.0"
"""That whose token this is, which CloudNativePG demands to be there."""
_FIELDS = {
    "latestCheckpointTimelineID": "timeline",
    "redoWalFile": "segment",
    "databaseSystemIdentifier": "system",
    "latestCheckpointREDOLocation": "redo",
    "timeOfLatestCheckpoint": "time",
    "operatorVersion": "version",
}


class Verdict(Enum):
    READY = auto()
    WAIT = auto()
    REFUSED = auto()


@dataclass(frozen=True)
class Token:
    timeline: int
    segment: str
    system: str
    redo: str
    time: str
    version: str = OPERATOR_VERSION

    @classmethod
    def of(cls, control: Control) -> Token:
        """That of a server which has been shut down."""
        return cls(control.timeline, control.segment, control.system, control.redo, control.time)

    def encode(self) -> str:
        values = {name: str(getattr(self, attribute)) for name, attribute in _FIELDS.items()}
        return base64.b64encode(json.dumps(values).encode()).decode()

    def against(self, control: Control) -> tuple[Verdict, str]:
        """Whether a replica whose latest restartpoint `control` has may be promoted, and why not."""
        if self.system != control.system:
            return Verdict.REFUSED, f"mismatching system identifiers, current:{control.system} wanted:{self.system}"
        if self.timeline != control.timeline:
            what = f"current:{control.timeline} wanted:{self.timeline}"
            if self.timeline > control.timeline:
                return Verdict.WAIT, f"requested timeline not reached, {what}"
            return Verdict.REFUSED, f"requested timeline is older than current one, {what}"
        if lsn(self.redo) > lsn(control.redo):
            return Verdict.WAIT, (
                f"waiting for promotion token LSN ({self.redo}) to be replayed (the last replayed LSN is"
                f" {control.redo})"
            )
        if lsn(self.redo) < lsn(control.redo):
            return Verdict.REFUSED, (
                f"promotion token LSN ({self.redo}) is older than the last replay LSN ({control.redo})"
            )
        return Verdict.READY, ""


def parse(text: str) -> Token | str:
    """The token, or what is wrong with it."""
    try:
        values = json.loads(base64.b64decode(text, validate=True))
        found: dict[str, str] = {attribute: str(values.get(name, "")) for name, attribute in _FIELDS.items()}
        if empty := next((name for name, attribute in _FIELDS.items() if not found[attribute]), None):
            return f"invalid promotion token ({empty[0].upper()}{empty[1:]} is empty)"
        lsn(found["redo"])
        return Token(int(found.pop("timeline")), **found)
    except (binascii.Error, ValueError, AttributeError, TypeError) as error:
        return f"invalid promotion token: {error}"
