"""Whether a store may be promoted now: what the guard says of what the witness says."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.recovery_point import Loss, read_loss
from runbooks.guards import fence_missing, promotion_refused
from runbooks.ports import Situation
from runbooks.steps.accept_loss import AcceptLoss
from runbooks.steps.await_catch_up import proof_missing
from runbooks.steps.fence_region import stopped
from runbooks.steps.seen import held, loss


def refusal(at: Situation, databases: Iterable[str]) -> str | None:
    """Why the stores must not be promoted now. `databases` are those of which catch-up is to be proved, or accepted."""
    found = held(at.witness)
    current, now = (found[0], found[2]) if found else (None, 0.0)
    fence = fence_missing(current, now, at.execution, stopped(at))
    missing = next((why for name in databases if (why := proof_missing(at, name))), None)
    return promotion_refused(fence, missing, Loss([], 0, 0) if fence else loss(at), accepted(at))


def accepted(at: Situation) -> Loss | None:
    text = at.fact(AcceptLoss.step.name, "loss")
    return read_loss(text.encode()) if isinstance(text, str) else None
