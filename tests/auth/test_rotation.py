"""Rotation of refresh tokens: what holds for every order of uses, losses and thefts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.sessions.rotation import GRACE_SECONDS, LIFETIME_SECONDS, Outcome, StoredToken, outcome

NOW = 1_800_000_000.0
FRESH = StoredToken(NOW + LIFETIME_SECONDS)
USED = replace(FRESH, used_at=NOW - 1)


@pytest.mark.parametrize(
    ("token", "ended", "at", "expected"),
    [
        (FRESH, False, NOW, Outcome.ROTATED),
        (FRESH, False, NOW + LIFETIME_SECONDS - 1, Outcome.ROTATED),
        (FRESH, False, NOW + LIFETIME_SECONDS, Outcome.EXPIRED),
        (FRESH, True, NOW, Outcome.ENDED),
        (USED, False, NOW, Outcome.REPLACED),
        (USED, False, NOW - 1 + GRACE_SECONDS, Outcome.REPLACED),
        (USED, False, NOW + GRACE_SECONDS, Outcome.REUSED),
        (USED, False, NOW + LIFETIME_SECONDS * 2, Outcome.REUSED),
        (USED, True, NOW, Outcome.ENDED),
        (replace(USED, successor_used=True), False, NOW, Outcome.REUSED),
        (replace(FRESH, replaced=True), False, NOW, Outcome.REUSED),
        (replace(FRESH, replaced=True), True, NOW, Outcome.ENDED),
    ],
)
def test_outcomes(token: StoredToken, ended: bool, at: float, expected: Outcome) -> None:
    assert outcome(token, ended, at) is expected


class Family:
    """A session as the store keeps it: each token with its predecessor, by number."""

    def __init__(self) -> None:
        self.now, self.ended = NOW, False
        self.tokens = {0: FRESH}
        self.before: dict[int, int] = {}

    def use(self, number: int) -> int | None:
        """The successor's number, or None when nothing is issued."""
        found = outcome(self.tokens[number], self.ended, self.now)
        self.ended |= found is Outcome.REUSED
        if found not in (Outcome.ROTATED, Outcome.REPLACED):
            return None
        for successor, before in self.before.items():
            if before == number:
                self.tokens[successor] = replace(self.tokens[successor], replaced=True)
        if found is Outcome.ROTATED:
            self.tokens[number] = replace(self.tokens[number], used_at=self.now)
        if (before := self.before.get(number)) is not None:
            self.tokens[before] = replace(self.tokens[before], successor_used=True)
        new = len(self.tokens)
        self.tokens[new] = StoredToken(self.now + LIFETIME_SECONDS)
        self.before[new] = number
        return new

    def usable(self) -> list[int]:
        return [number for number in self.tokens if outcome(self.tokens[number], self.ended, self.now) == "rotated"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["owner", "owner loses the answer", "thief", "thief copies"]),
        st.sampled_from([0.0, 1.0, GRACE_SECONDS, GRACE_SECONDS + 1, 3600.0]),
    ),
    max_size=30,
)


@given(STEPS)
def test_one_token_at_most_can_be_used_and_two_parties_never_both_go_on(
    steps: list[tuple[str, float]],
) -> None:
    family, owner, thief = Family(), 0, None
    uses_since_theft: set[str] = set()
    for who, seconds in steps:
        family.now += seconds
        assert len(family.usable()) <= 1
        if who == "thief copies":
            thief, uses_since_theft = owner, set()
        elif who == "thief":
            if thief is not None and (new := family.use(thief)) is not None:
                thief = new
                uses_since_theft.add(who)
        else:
            new = family.use(owner)
            if new is not None and who == "owner":
                owner = new
                uses_since_theft.add(who)
        # Of two who hold different tokens of one family, one at most has a token that works.
        if thief is not None and owner != thief and len(uses_since_theft) == 2:
            assert sum(number in family.usable() for number in (owner, thief)) <= 1
    if thief is not None and owner != thief:
        family.now += GRACE_SECONDS + 1
        for _ in range(2):
            for number in (owner, thief):
                new = family.use(number)
                if new is not None:
                    owner, thief = (new, thief) if number == owner else (owner, new)
        assert family.ended or not family.usable()


@given(st.lists(st.tuples(st.booleans(), st.floats(0, GRACE_SECONDS)), max_size=30))
def test_an_app_that_loses_answers_and_repeats_within_the_grace_stays_signed_in(
    attempts: list[tuple[bool, float]],
) -> None:
    family, held, lost_at = Family(), 0, None
    for arrives, seconds in attempts:
        family.now += seconds if lost_at is None else min(seconds, lost_at + GRACE_SECONDS - family.now)
        new = family.use(held)
        assert new is not None
        if arrives:
            held, lost_at = new, None
        elif lost_at is None:
            lost_at = family.now
    assert not family.ended
