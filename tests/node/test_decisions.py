"""The node without I/O: back-off, probes, status, addresses, images, quantities."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.node.addresses import AddressesExhausted, AddressPool
from local.node.pod.backoff import MAX_SECONDS, RESET_SECONDS, Backoff, should_restart
from local.node.pod.probes import ProbeState
from local.node.pod.status import ContainerStatus, ContainerView, PodView, Terminated, conditions, phase, pod_status
from local.node.quantity import quantity
from local.node.runtime.execution import Mount, without_mounts
from local.node.runtime.images import Catalog, UnknownImage, command, repository


def _ended(code: int) -> Terminated:
    return Terminated(code, 0.0, 1.0, 0)


def _pod(*statuses: ContainerStatus, policy: str = "Always", role: str = "main", **fields: object) -> PodView:
    containers = [ContainerView({"name": f"c{n}", "image": "aura/auth"}, role, p) for n, p in enumerate(statuses)]
    return PodView("uid", "127.10.16.2", "127.10.16.1", 0.0, policy, containers, **fields)  # type: ignore[arg-type]


def test_first_restart_is_immediate_then_delays_double_up_to_a_limit() -> None:
    state, delays = Backoff(), []
    for _ in range(9):
        state, delay = state.after(ran_seconds=0.1)
        delays.append(delay)
    assert delays == [0, 1, 2, 4, 8, 16, 32, MAX_SECONDS, MAX_SECONDS]


def test_a_long_run_resets_the_back_off() -> None:
    assert Backoff(crashes=7).after(ran_seconds=RESET_SECONDS) == (Backoff(1), 0.0)


@pytest.mark.parametrize(
    ("policy", "code", "again"),
    [("Always", 0, True), ("OnFailure", 0, False), ("OnFailure", 1, True), ("Never", 1, False)],
)
def test_restart_policies(policy: str, code: int, again: bool) -> None:
    assert should_restart(policy, code) is again


@given(st.lists(st.booleans(), min_size=1), st.integers(1, 4), st.integers(1, 4))
def test_a_probe_result_needs_its_threshold_of_consecutive_results(results: list[bool], good: int, bad: int) -> None:
    state = ProbeState(good, bad)
    expected = None
    for number, result in enumerate(results):
        state = state.record(result)
        needed = good if result else bad
        if number + 1 >= needed and all(r == result for r in results[number + 1 - needed : number + 1]):
            expected = result
        assert state.result == expected


def test_phases() -> None:
    running, good, bad = (
        ContainerStatus(started_at=1.0),
        ContainerStatus(ended=_ended(0)),
        ContainerStatus(ended=_ended(2)),
    )
    assert phase(_pod(ContainerStatus())) == "Pending"
    assert phase(_pod(running, good, policy="Never")) == "Running"
    assert phase(_pod(good, good, policy="Never")) == "Succeeded"
    assert phase(_pod(good, bad, policy="Never")) == "Failed"
    assert phase(_pod(good, bad, policy="OnFailure")) != "Failed"
    assert phase(_pod(ContainerStatus(previous=_ended(1), waiting="CrashLoopBackOff"))) == "Running"
    assert phase(_pod(bad, policy="Never", role="init")) == "Failed"


def test_ready_follows_the_containers_and_keeps_its_transition_time() -> None:
    up = ContainerStatus(started_at=1.0, started=True, ready=True)
    first = conditions(_pod(up), now=10.0)
    assert first["Ready"] == ("True", 10.0)
    assert conditions(_pod(up, conditions=first), now=20.0)["Ready"] == ("True", 10.0)
    up.ready = False
    assert conditions(_pod(up, conditions=first), now=30.0)["Ready"] == ("False", 30.0)


def test_status_has_signal_and_last_state() -> None:
    restarted = ContainerStatus(run=1, started_at=5.0, started=True, ready=True, previous=_ended(137))
    view = _pod(restarted)
    (status,) = pod_status(view, conditions(view, 6.0))["containerStatuses"]
    assert status["restartCount"] == 1
    assert status["lastState"]["terminated"]["signal"] == 9
    assert status["state"] == {"running": {"startedAt": "1970-01-01T00:00:05Z"}}


def test_container_status_round_trips_through_json() -> None:
    status = ContainerStatus(run=2, started_at=1.5, ended=_ended(1), previous=_ended(0), waiting="", message="m")
    assert ContainerStatus.from_json(status.to_json()) == status


def test_a_released_address_is_reused_last() -> None:
    addresses = AddressPool("127.10.16.0/29")
    assert addresses.node == "127.10.16.1"
    first = addresses.allocate("a")
    addresses.release(first)
    order = [addresses.allocate(str(n)) for n in range(5)]
    assert order[-1] == first
    with pytest.raises(AddressesExhausted):
        addresses.allocate("more")


def test_an_adopted_pod_keeps_its_address() -> None:
    addresses = AddressPool("127.10.16.0/29")
    assert addresses.allocate("a", "127.10.16.4") == "127.10.16.4"
    assert addresses.allocate("b", "127.10.16.4") != "127.10.16.4"


@pytest.mark.parametrize(
    "reference",
    [
        "aura/auth",
        "aura/auth:1.4.0",
        "123.dkr.ecr.us-west-2.amazonaws.com/aura/auth:1",
        "host:5000/aura/auth@sha256:0a",
    ],
)
def test_an_image_is_found_in_any_registry(reference: str) -> None:
    assert repository(reference) == "aura/auth"
    assert Catalog().image(reference).entrypoint == ("python", "-m", "services.auth")


def test_an_unknown_image_is_an_error_with_its_name() -> None:
    with pytest.raises(UnknownImage, match=r"docker\.io/library/nginx:1"):
        Catalog().image("docker.io/library/nginx:1")


def test_command_replaces_the_entry_point_and_args_follow() -> None:
    image = Catalog().image("aura-local/sh")
    assert command(image, None, ["-c", "x"]) == ["/bin/sh", "-c", "x"]
    assert command(image, ["other"], None) == ["other"]


def test_without_mounts_variables_point_to_the_source_folder() -> None:
    mounts = [Mount(Path("/data/v1"), "/state"), Mount(Path("/data/v2"), "/state/deep")]
    env = {"STATE_DIR": "/state/x", "DEEP": "/state/deep", "OTHER": "/statement", "ROOT": "/state"}
    expected = {"STATE_DIR": "/data/v1/x", "DEEP": "/data/v2", "OTHER": "/statement", "ROOT": "/data/v1"}
    assert without_mounts(env, mounts) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [("250m", Decimal("0.25")), ("1.5Gi", Decimal(1610612736)), ("2e3", Decimal(2000)), ("3", Decimal(3))],
)
def test_quantities(text: str, number: Decimal) -> None:
    assert quantity(text) == number


@pytest.mark.parametrize("text", ["", "x", "1ki", "--1"])
def test_an_invalid_quantity_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no quantity"):
        quantity(text)
