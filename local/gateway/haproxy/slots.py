"""Server slots: endpoints change in a running HAProxy without a reload, and open WebSockets are not affected (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from local.gateway.endpoints import Endpoint

MIN_SLOTS = 8

Slots = tuple[Endpoint | None, ...]


def assign(desired: Sequence[Endpoint], slots: Slots) -> Slots:
    """`desired` endpoints in slots: each keeps its slot, new ones get free slots. Their number grows by doubling."""
    kept: list[Endpoint | None] = [endpoint if endpoint in desired else None for endpoint in slots]
    size = max(MIN_SLOTS, len(kept))
    while size < len(desired):
        size *= 2
    kept.extend([None] * (size - len(kept)))
    free = (number for number, endpoint in enumerate(kept) if endpoint is None)
    for endpoint in desired:
        if endpoint not in kept:
            kept[next(free)] = endpoint
    return tuple(kept)


def runtime_commands(backend: str, before: Slots, after: Slots) -> list[str]:
    """Runtime API commands that change one assignment into another of the same size.

    A server in maintenance gets no new connections; open ones end by themselves.
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
