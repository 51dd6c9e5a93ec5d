"""Server slots, hostname intersections, and the current worker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.gateway.haproxy.process import current_worker
from local.gateway.haproxy.slots import Slots, assign, runtime_commands
from local.gateway.routing.hostnames import intersection, precedence

endpoints = st.lists(st.tuples(st.sampled_from([f"127.0.0.{n}" for n in range(30)]), st.just(80)), unique=True)


@given(st.lists(endpoints, max_size=6))
def test_every_server_has_one_slot_and_keeps_it(history: list[list[tuple[str, int]]]) -> None:
    slots: Slots = ()
    for desired in history:
        after = assign(desired, slots)
        assert sorted(endpoint for endpoint in after if endpoint) == sorted(desired)
        assert len(after) >= len(slots)
        assert all(after[n] == endpoint for n, endpoint in enumerate(slots) if endpoint in desired)
        slots = after


@given(endpoints, endpoints)
def test_commands_change_one_assignment_into_the_next(old: list[tuple[str, int]], new: list[tuple[str, int]]) -> None:
    after = assign(new, assign(old, ()))
    before = (assign(old, ()) + (None,) * len(after))[: len(after)]
    state: dict[int, tuple[str, int] | None] = dict(enumerate(before))
    for line in runtime_commands("b", before, after):
        _, _, server, what, *values = line.split()
        slot = int(server.removeprefix("b/s"))
        if what == "addr":
            assert state[slot] is None, "the address of a server is changed only in maintenance"
            state[slot] = values[0], int(values[2])
        elif values == ["maint"]:
            state[slot] = None
    assert tuple(state.values()) == after


@pytest.mark.parametrize(
    ("listener", "route", "expected"),
    [
        ("", "a.x", "a.x"), ("a.x", "", "a.x"), ("", "", ""), ("a.x", "a.x", "a.x"), ("a.x", "b.x", None),
        ("*.x", "a.x", "a.x"), ("*.x", "a.b.x", "a.b.x"), ("*.x", "x", None), ("a.x", "*.x", "a.x"),
        ("*.x", "*.b.x", "*.b.x"), ("*.b.x", "*.x", "*.b.x"), ("*.x", "*.y", None), ("*.x", "ax", None),
    ],
)  # fmt: skip
def test_hostname_intersection(listener: str, route: str, expected: str | None) -> None:
    assert intersection(listener, route) == expected


def test_whole_names_come_before_wildcards_and_long_before_short() -> None:
    hosts = ["", "*.x", "*.bb.x", "a.x", "aaa.x"]
    assert sorted(hosts, key=precedence) == ["aaa.x", "a.x", "*.bb.x", "*.x", ""]


def test_the_current_worker_is_read_from_show_proc() -> None:
    output = (
        "#<PID>          <type>          <reloads>       <uptime>        <version>      \n"
        "10              master          1 [failed: 0]   0d00h00m03s     2.6.12\n"
        "# workers\n12              worker          0               0d00h00m01s     2.6.12\n"
        "# old workers\n11              worker          1               0d00h00m03s     2.6.12\n# programs\n\n"
    )
    assert current_worker(output) == 12
    assert current_worker(output.replace("worker          0 ", "worker          1 ")) is None
