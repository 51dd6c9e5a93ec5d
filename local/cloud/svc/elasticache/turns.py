"""Whose turn it is with the servers of a group: its own reconciliation, or that of its global datastore."""

from __future__ import annotations

import threading
from collections import defaultdict

_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def turn(arn: str) -> threading.Lock:
    """Held while servers of the group are changed. Whoever needs several takes them in the order of their ARNs."""
    return _turns[arn]
