"""What a dataflow's candidate says: another image that computes beside the running one, and writes nothing."""

from __future__ import annotations

import msgspec

COMPARISON_PATH = "/comparison"


class Comparison(msgspec.Struct, frozen=True):
    """How what the candidate computed compares with what the running image has stored; times in Unix ms."""

    key: str = ""
    """What the operator has called this comparison: of an image, a spec and a tolerance."""
    since: int = 0
    """When it computed the first row; 0 before."""
    until: int = 0
    """All that it computed until this moment is judged, the newest of it then: a silence proves nothing."""
    rows: int = 0
    """Rows of hrv_1m that are equal."""
    events: int = 0
    """Stress events that are equal."""
    different: int = 0
    """Rows and events that are not, or that one of the two does not have."""
    difference: str = ""
    """The first of these, or why the candidate cannot go on from the running one's state; without the person's name."""
    waiting: str = ""
    """Why nothing is compared at the moment."""
