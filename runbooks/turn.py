"""Whose turn it is: one execution at a time, one runner of it, agreed on at the witness."""

from __future__ import annotations

import msgspec

from contracts.decoding import of_others
from runbooks.ports import Outrun, Witness

KEY = "executions/current.json"


class Turn(msgspec.Struct, frozen=True):
    """`runner` is unique to a process; `at` is when it was last known to go on, in Unix seconds of its clock."""

    execution: str
    plan: str
    by: str
    runner: str
    started: float
    at: float
    ended: bool = False
    """Others may begin."""
    paused: bool = False
    """It stands at a step; with `ended`, it had not done anything yet."""


class InProgress(RuntimeError):
    """It is somebody else's turn; the text says whose and what to do."""


_encode = msgspec.json.Encoder().encode
_decode = of_others(msgspec.json.Decoder(Turn).decode)


class Superseded(RuntimeError):
    """Another execution was begun after this one; the text says which."""


class Turns:
    """Of one runner. Every method raises Unreachable, and InProgress when another has the turn."""

    def __init__(self, witness: Witness, plan: str, execution: str, by: str, runner: str) -> None:
        self._witness, self._plan, self._execution, self._by, self._runner = witness, plan, execution, by, runner
        self._etag = ""
        self._started = 0.0

    def take(self, now: float, resume: bool) -> None:
        """`resume` takes over from a runner of the same execution, which notices before it does anything more. Raises
        Superseded when that is no longer the last one: what it saw is not how things are."""
        stored = self._witness.read(KEY)
        found = _decode(stored.body) if stored else None
        self._started = now
        if found and not found.ended:
            if found.execution != self._execution or not resume:
                raise InProgress(_described(found, now))
            self._started = found.started
        elif found and resume and found.execution != self._execution:
            raise Superseded(
                f"{self._execution} is not the last execution: after it {found.by} carried out {found.plan}"
                f" ({found.execution}). Nothing was done. Begin a new one; `aura evaluate` says how things are."
            )
        self._write(now, stored.etag if stored else None)

    def hold(self, now: float, ended: bool = False, paused: bool = False) -> None:
        """Before each act, at a pause and at the end."""
        self._write(now, self._etag, ended, paused)

    def _write(self, now: float, etag: str | None, ended: bool = False, paused: bool = False) -> None:
        turn = Turn(self._execution, self._plan, self._by, self._runner, self._started, now, ended, paused)
        try:
            self._etag = self._witness.write(KEY, _encode(turn), etag)
        except Outrun:
            stored = self._witness.read(KEY)
            found = _decode(stored.body) if stored else None
            if stored and found == turn:  # an attempt of ours got there, and its answer did not
                self._etag = stored.etag
                return
            raise InProgress(_described(found, now) if found else "the turn was deleted from the witness") from None


def current(witness: Witness) -> Turn | None:
    """Who is at it, or was last."""
    stored = witness.read(KEY)
    return _decode(stored.body) if stored else None


def _described(turn: Turn, now: float) -> str:
    return (
        f"{turn.by} carries out `{turn.plan}` (execution {turn.execution}), since {now - turn.started:.0f} s,"
        f" last seen {max(0.0, now - turn.at):.0f} s ago. Nothing was done here. Talk to them; if their runner is gone,"
        f" `aura {turn.plan} --resume {turn.execution}` goes on from where it was."
    )
