"""When HAProxy may be reloaded again (pure).

At a reload the open connections stay with the old worker, which ends with the last of them. A WebSocket lives as long
as its token, 15 minutes; so a change a minute leaves at most some 25 old workers, of 25 MiB and what their connections
take, and no change ends a connection.
"""

from __future__ import annotations

PAUSE_SECONDS = 2.0
"""Between two reloads while old workers are left: changes within it are loaded together."""

CROWDED = 8
"""Old workers from which on reloads are rarer."""

CROWDED_PAUSE_SECONDS = 60.0


def pause(old_workers: int) -> float:
    """Least seconds from the last reload to the next, while this many old workers still have connections."""
    if old_workers == 0:
        return 0.0
    return PAUSE_SECONDS if old_workers < CROWDED else CROWDED_PAUSE_SECONDS
