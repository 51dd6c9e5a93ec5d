"""Server slots: Pods come and go in a running HAProxy without a reload, and live WebSockets are left alone (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from local.gateway.endpoints import Endpoint

FEWEST = 8

Slots = tuple[Endpoint | None, ...]


def arrange(wanted: Sequence[Endpoint], slots: Slots) -> Slots:
    """`wanted` in slots: whoever has one keeps it, others take the free ones. The number only grows, by doubling."""
    kept: list[Endpoint | None] = [endpoint if endpoint in wanted else None for endpoint in slots]
    size = max(FEWEST, len(kept))
    while size < len(wanted):
        size *= 2
    kept.extend([None] * (size - len(kept)))
    free = (number for number, endpoint in enumerate(kept) if endpoint is None)
    for endpoint in wanted:
        if endpoint not in kept:
            kept[next(free)] = endpoint
    return tuple(kept)


def commands(backend: str, before: Slots, after: Slots) -> list[str]:
    """Runtime commands that lead from one arrangement to another of the same size.

    A slot in maintenance takes nothing new; what is open on it ends by itself.
    """
    lines: list[str] = []
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        server = f"set server {backend}/s{number}"
        if old == new:
            continue
        if old is not None:
            lines.append(f"{server} state maint")
        if new is not None:
            lines += [f"{server} addr {new[0]} port {new[1]}", f"{server} state ready"]
    return lines
