"""What the status of Pods and the Events of their nodes say about why they are not ready."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from operators.kubernetes.pod_problems import Problem, is_stuck_without_reason, problem

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
CRASHED = {"terminated": {"exitCode": 3, "reason": "Error", "message": "starting\nKeyError: 'PORT'\n\n"}}
OOM = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
RUNNING = {"running": {"startedAt": "2030-01-01T11:59:58Z"}}
LONG_RUNNING = {"running": {"startedAt": "2030-01-01T11:40:00Z"}}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def container(
    state: dict[str, Any], last: dict[str, Any] | None = None, restarts: int = 0, **more: Any
) -> dict[str, Any]:
    return {"name": "main", "state": state, "lastState": last or {}, "restartCount": restarts, "ready": False, **more}


def pod(*containers: dict[str, Any], name: str = "web-1", created: str = "1", **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": created},
        "spec": {"nodeName": "node-1"},
        "status": {"phase": "Pending", "containerStatuses": list(containers), **status},
    }


def event(reason: str, message: str, at: str = "1", uid: str = "uid-web-1") -> dict[str, Any]:
    return {"involvedObject": {"uid": uid}, "reason": reason, "message": message, "lastTimestamp": at}


@pytest.mark.parametrize(
    ("found", "reason", "said"),
    [
        (container(waiting("CrashLoopBackOff", "back-off"), CRASHED, 4), "CrashLoopBackOff", "exit code 3, last line"),
        (container(waiting("CrashLoopBackOff", "back-off"), CRASHED, 4), "CrashLoopBackOff", "KeyError: 'PORT'"),
        (container(waiting("CrashLoopBackOff"), OOM, 4), "OOMKilled", "more memory than its limit"),
        (container(OOM), "OOMKilled", "more memory"),
        (container(CRASHED), "Error", "exit code 3"),
        (container(RUNNING, CRASHED, 1), "Error", "exit code 3"),
        (container(RUNNING, CRASHED, 2), "CrashLoopBackOff", "restarted 2 times"),
        (container(waiting("ErrImagePull", "no\nsuch image")), "ErrImagePull", "no such image"),
        (container(waiting("ImagePullBackOff")), "ImagePullBackOff", "ImagePullBackOff"),
        (container(waiting("InvalidImageName", "a:/@")), "InvalidImageName", "a:/@"),
        (
            container(waiting("CreateContainerConfigError", 'secret "x" not found')),
            "CreateContainerConfigError",
            "secret",
        ),
        (container(waiting("RunContainerError", "no such file")), "RunContainerError", "no such file"),
    ],
)
def test_the_reason_is_that_of_the_container(found: dict[str, Any], reason: str, said: str) -> None:
    told = problem([pod(found)], NOW)
    assert told is not None
    assert (told.reason, said in told.message) == (reason, True)
    assert told.message.startswith("Pod web-1, container main: ")


@pytest.mark.parametrize(
    "found",
    [
        container(waiting("ContainerCreating")),
        container(waiting("PodInitializing")),
        container({}),
        container(RUNNING),
        container(LONG_RUNNING, CRASHED, 5),
        container(RUNNING, CRASHED, 5, ready=True),
        container({"terminated": {"exitCode": 0, "reason": "Completed"}}),
    ],
    ids=["creating", "init", "unknown", "starting", "crashed long ago", "ready again", "completed"],
)
def test_a_container_that_starts_or_works_is_no_problem(found: dict[str, Any]) -> None:
    assert problem([pod(found)], NOW) is None


def test_a_first_crash_may_pass_and_a_loop_does_not() -> None:
    once, often = problem([pod(container(CRASHED))], NOW), problem([pod(container(RUNNING, CRASHED, 2))], NOW)
    assert once is not None and once.transient
    assert often is not None and not often.transient


def test_a_failing_init_container_is_named() -> None:
    first = container(waiting("CrashLoopBackOff"), CRASHED, 2) | {"name": "migrate"}
    found = problem([pod(container(waiting("PodInitializing")), initContainerStatuses=[first])], NOW)
    assert found is not None
    assert "container migrate" in found.message


def test_a_pod_without_a_node_or_evicted_says_why() -> None:
    message = "0/2 nodes are available: 2 Insufficient cpu."
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    found = problem([pod(conditions=[unscheduled])], NOW)
    assert found == Problem("Unschedulable", f"Pod web-1: {message}", transient=True)
    evicted = problem([pod(phase="Failed", reason="Evicted", message="low on memory")], NOW)
    assert evicted == Problem("Evicted", "Pod web-1: low on memory")


def test_events_say_what_the_status_of_a_pod_without_containers_does_not() -> None:
    stuck = pod(container(waiting("ContainerCreating")))
    events = [
        event("Pulled", "irrelevant", "9"),
        event("FailedMount", "old", "1"),
        event("FailedMount", 'secret "tls" not found', "2"),
        event("FailedMount", "of another Pod", "3", uid="uid-other"),
    ]
    assert is_stuck_without_reason(stuck)
    assert problem([stuck], NOW, events) == Problem("FailedMount", 'Pod web-1: secret "tls" not found')
    started = pod(container(RUNNING), phase="Running")
    assert not is_stuck_without_reason(started)
    assert problem([started], NOW, events) is None


def test_the_youngest_pod_is_asked_first_and_terminating_ones_not_at_all() -> None:
    old = pod(container(waiting("ErrImagePull")), name="old", created="2030-01-01T00:00:00Z")
    new = pod(container(waiting("CreateContainerConfigError")), name="new", created="2030-01-02T00:00:00Z")
    assert (problem([old, new], NOW) or Problem("", "")).reason == "CreateContainerConfigError"
    new["metadata"]["deletionTimestamp"] = "2030-01-03T00:00:00Z"
    assert (problem([old, new], NOW) or Problem("", "")).reason == "ErrImagePull"
