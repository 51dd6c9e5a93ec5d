"""When HAProxy is reloaded again."""

from __future__ import annotations

import pytest

from local.gateway.haproxy.pacing import CROWDED, CROWDED_PAUSE_SECONDS, PAUSE_SECONDS, pause
from local.gateway.haproxy.process import count_old_workers, current_worker

SHOWN = """\
#<PID>          <type>          <reloads>       <uptime>        <version>
1162            master          5               0d00h02m07s     2.6.12
# workers
1271            worker          0               0d00h00m00s     2.6.12
# old workers
1233            worker          3               0d00h00m43s     2.6.12
1240            worker          1               0d00h00m03s     2.6.12
# programs

"""


def test_old_workers_are_counted_apart_from_the_current_one() -> None:
    assert (current_worker(SHOWN), count_old_workers(SHOWN)) == (1271, 2)
    assert count_old_workers(SHOWN.replace("# old workers\n1233", "# old workers\n# programs\n1233")) == 0


@pytest.mark.parametrize(
    ("old_workers", "seconds"),
    [
        (0, 0),
        (1, PAUSE_SECONDS),
        (CROWDED - 1, PAUSE_SECONDS),
        (CROWDED, CROWDED_PAUSE_SECONDS),
        (99, CROWDED_PAUSE_SECONDS),
    ],
)
def test_reloads_become_rarer_the_more_old_workers_are_left(old_workers: int, seconds: float) -> None:
    assert pause(old_workers) == seconds


def test_a_route_change_every_second_leaves_a_bounded_number_of_workers() -> None:
    """Every generation keeps a socket for the lifetime of its token."""
    reloads: list[int] = []
    most = 0
    for now in range(3600):
        alive = sum(now - at < 900 for at in reloads)
        if not reloads or now - reloads[-1] >= pause(alive):
            reloads.append(now)
        most = max(most, alive)
    assert most <= CROWDED + 900 / CROWDED_PAUSE_SECONDS + 1
