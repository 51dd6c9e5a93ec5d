from __future__ import annotations

from datetime import UTC, datetime, timedelta

from operators.kubernetes.conditions import broken, conditions, good, paused_conditions, waiting
from operators.kubernetes.pod_problems import Problem
from operators.kubernetes.rollout import missing_pods, rollout, with_problem

NOW = datetime(2030, 1, 1, tzinfo=UTC)
GOOD = good("A", "Fine", "fine")


def by_type(found: list) -> dict[str, tuple[str, str]]:
    return {one.type: (one.status.value, one.reason) for one in found}


def test_ready_only_if_all_findings_are_good() -> None:
    assert by_type(conditions([GOOD], 3, NOW))["Ready"] == ("True", "AsDeclared")
    slow = by_type(conditions([GOOD, waiting("B", "Slow", "slow")], 3, NOW))
    assert slow["Ready"] == ("False", "Slow")
    assert slow["Progressing"] == ("True", "Slow")
    assert slow["Degraded"][0] == "False"


def test_broken_findings_take_precedence_over_waiting_ones() -> None:
    found = by_type(conditions([waiting("B", "Slow", "slow"), broken("C", "Bad", "bad")], 3, NOW))
    assert found["Ready"] == ("False", "Bad")
    assert found["Degraded"] == ("True", "Bad")


def test_transition_times_change_only_with_the_status() -> None:
    before = [one.to_manifest() for one in conditions([GOOD], 1, NOW)]
    later = NOW + timedelta(hours=1)
    same = conditions([GOOD], 2, later, before)
    assert {one.last_transition_time for one in same} == {"2030-01-01T00:00:00Z"}
    assert {one.observed_generation for one in same} == {2}
    turned = {one.type: one for one in conditions([broken("A", "Bad", "bad")], 2, later, before)}
    assert turned["A"].last_transition_time == "2030-01-01T01:00:00Z"


def test_paused_keeps_the_stored_conditions() -> None:
    stored = {"observedGeneration": 4, "conditions": [one.to_manifest() for one in conditions([GOOD], 4, NOW)]}
    generation, current = paused_conditions(stored, "the-annotation", 5, NOW)
    assert generation == 4
    assert by_type(current)["Paused"][0] == "True"
    assert by_type(current)["Ready"][0] == "True"


def deployment(**status: int) -> dict:
    return {"metadata": {"generation": 2}, "spec": {"replicas": 3}, "status": {"observedGeneration": 2, **status}}


def test_a_rollout_is_complete_when_no_old_pod_is_left() -> None:
    states = [
        rollout("A", None, 2),
        rollout("A", deployment(replicas=3, updatedReplicas=1, availableReplicas=3), 2),
        rollout("A", deployment(replicas=3, updatedReplicas=3, availableReplicas=1), 2),
        rollout("A", deployment(replicas=3, updatedReplicas=3, availableReplicas=3, observedGeneration=1), 2),
        rollout("A", deployment(replicas=3, updatedReplicas=3, availableReplicas=2), 2),
    ]
    assert [one.state.value for one in states] == ["waiting", "waiting", "waiting", "waiting", "good"]


def test_a_stuck_rollout_is_broken() -> None:
    stuck = deployment(replicas=3, updatedReplicas=1, availableReplicas=2)
    stuck["status"]["conditions"] = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
    assert rollout("A", stuck, 3).reason == "ProgressDeadlineExceeded"


ENOUGH = deployment(replicas=3, updatedReplicas=3, availableReplicas=1)
"""Of three Pods that an autoscaler wants one is available, which is `replicas.min`."""


def test_pods_that_fail_above_the_minimum_are_told_and_the_service_stays_available() -> None:
    crashing = Problem("OOMKilled", "Pod web-2, container web: used more memory than its limit")
    assert missing_pods(ENOUGH) == 2
    found = {one.type: one for one in conditions(with_problem(rollout("Available", ENOUGH, 1), crashing), 3, NOW)}
    assert (found["Available"].status.value, found["PodsFailing"].status.value) == ("True", "True")
    assert (found["Degraded"].status.value, found["Degraded"].reason) == ("True", "OOMKilled")
    for condition in ("Available", "PodsFailing", "Ready"):
        assert found[condition].message == f"{crashing.message}; 1 of 3 Pods available"


def test_pods_that_wait_for_a_node_above_the_minimum_are_no_fault() -> None:
    waits = Problem("Unschedulable", "Pod web-2: 0/3 nodes are available", transient=True)
    found = {one.type: one for one in conditions(with_problem(rollout("Available", ENOUGH, 1), waits), 3, NOW)}
    assert (found["Available"].status.value, found["Available"].reason) == ("True", "Unschedulable")
    assert waits.message in found["Available"].message
    assert found["Ready"].status.value == "True"
    assert "PodsFailing" not in found


def test_pods_that_fail_below_the_minimum_make_the_service_unavailable() -> None:
    crashing = Problem("CrashLoopBackOff", "Pod web-2, container web: ended with exit code 1")
    (finding,) = with_problem(rollout("Available", ENOUGH, 2), crashing)
    assert (finding.state.value, finding.reason) == ("broken", "CrashLoopBackOff")
    assert with_problem(rollout("Available", ENOUGH, 2), None)[0].reason == "RollingOut"
