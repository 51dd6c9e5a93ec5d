"""When HAProxy may be reloaded again (pure).

At a reload the open connections stay with the old worker, which ends with the last of them. Nothing ends them earlier.
A worker takes 12 MiB and what its connections take anyway. While sockets live 15 minutes, the lifetime of a token,
routes that change all the time leave at most 24 workers: 300 MiB.
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
