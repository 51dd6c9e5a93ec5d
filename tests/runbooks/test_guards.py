"""No promotion without a fence, nor without a proof or the acceptance of what is lost."""

from __future__ import annotations

from contracts.lease import Lease, expires_at, fenced
from contracts.recovery_point import Loss, StoreLoss
from runbooks.guards import fence_missing, promotion_refused

HELD = Lease("west", "pod", 3, 1000.0, 30.0)
FENCED = fenced(HELD, "execution")
LOSS = Loss([StoreLoss("auth", "rows", 12)], 1000.0, 4.0)


def test_a_fence_holds_once_the_term_has_passed_or_the_region_was_seen_to_stop() -> None:
    assert fence_missing(None, 2000, "execution") == "there is no lease at the witness"
    assert fence_missing(HELD, 2000, "execution") == "the lease (epoch 3) is held by pod of west"
    assert "fenced by execution" in (fence_missing(FENCED, 2000, "another") or "")
    assert fence_missing(FENCED, expires_at(HELD) - 1, "execution") == "1 s until the term of west has passed"
    assert fence_missing(FENCED, expires_at(HELD), "execution") is None
    assert fence_missing(FENCED, 1001, "execution", stopped=True) is None


def test_a_promotion_needs_the_fence_and_a_proof_or_an_acceptance_of_no_less() -> None:
    assert promotion_refused("no", None, LOSS, LOSS) == "not fenced: no"
    assert promotion_refused(None, None, LOSS, None) is None
    assert "nobody accepted to lose 12 rows of auth, 4 s unseen" in (promotion_refused(None, "x", LOSS, None) or "")
    assert promotion_refused(None, "x", LOSS, LOSS) is None
    more = Loss([StoreLoss("auth", "rows", 13)], 1000.0, 4.0)
    assert promotion_refused(None, "x", more, LOSS) == (
        "what would be lost has grown beyond what was accepted: 13 rows of auth"
    )
    unknown = Loss([StoreLoss("auth", "rows", None)], 1000.0, 4.0)
    assert "unknown rows" in (promotion_refused(None, "x", unknown, LOSS) or "")
    assert promotion_refused(None, "x", more, unknown) is None
