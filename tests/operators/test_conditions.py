from __future__ import annotations

from datetime import UTC, datetime, timedelta

from operators.kubernetes.conditions import broken, conditions, good, paused_conditions, waiting
from operators.kubernetes.rollout import rollout

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
