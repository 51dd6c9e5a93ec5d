"""How many workers a dataflow gets for its lag samples; and a simulation of samples, decisions and restarts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.biostream import BioStreamSpec
from operators.adapters.dataflow.lag import LagSample, parse
from operators.biostream.desired import desired, scale_of
from operators.biostream.scaling import Scale, bounds, decide, with_sample
from operators.kubernetes.manifest import Manifest, with_applied_digest
from operators.kubernetes.plan import plan
from tests.operators.samples import OWNER, stream, stream_dependencies

START = datetime(2026, 1, 1, tzinfo=UTC)
SAMPLE_SECONDS = 10.0
RESTART_SECONDS = 6.0
"""Seconds in which nothing is read after a change."""


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def spec(least: int = 1, most: int = 8, partitions: int = 12):
    source = {"topic": "raw", "partitions": partitions, "retention": "24h"}
    dataflow = {"image": "aura/biosync:1", "replicas": {"min": least, "max": most}, "targetLag": "10s"}
    return stream(source=source, dataflow=dataflow)


def samples(lag: Callable[[float], float], until: float, cores: float = 0.5) -> list[LagSample]:
    """Samples every ten seconds up to `until`."""
    moments = [SAMPLE_SECONDS * i for i in range(int(until / SAMPLE_SECONDS) + 1)]
    return [LagSample(at(t), int(100 * lag(t)), lag(t), cores * t) for t in moments]


def decided(workers: int, history: list[LagSample], most: int = 8, complete: bool = True) -> int:
    scale, reason = decide(spec(most=most), True, Scale(workers, START), complete, history, history[-1].at)
    assert bool(reason) == (scale.workers != workers)
    return scale.workers


def test_workers_that_keep_up_are_not_scaled() -> None:
    assert decided(2, samples(lambda _: 9.0, 1000, cores=1.8)) == 2


def test_a_growing_lag_adds_as_many_workers_as_the_beats_need() -> None:
    # half of what comes is read: twice as many keep up, and the spare catches up, but never more than double at once
    assert decided(2, samples(lambda t: 15.0 + 0.5 * t, 60)) == 4
    assert decided(4, samples(lambda t: 15.0 + 0.1 * t, 60)) == 6


def test_a_constant_lag_adds_one_worker() -> None:
    assert decided(1, samples(lambda _: 30.0, 60)) == 2


def test_a_lag_that_shrinks_fast_enough_changes_nothing() -> None:
    assert decided(1, samples(lambda t: 100.0 - t, 60)) == 1
    assert decided(1, samples(lambda t: 1000.0 - 0.1 * t, 60)) > 1


def test_while_pods_are_missing_no_more_are_asked_for() -> None:
    behind = samples(lambda t: 15.0 + 0.9 * t, 400)
    assert decided(2, behind) == 4
    assert decided(2, behind, complete=False) == 2


def test_one_sample_changes_nothing() -> None:
    assert decided(1, samples(lambda t: 40.0 if t >= 60 else 0.0, 60)) == 1
    assert decided(1, samples(lambda t: 0.0 if t == 50 else 40.0, 60)) == 1


def test_samples_right_after_a_change_are_ignored() -> None:
    assert decided(1, samples(lambda _: 40.0, 40)) == 1


def test_scale_down_when_the_remaining_cores_are_enough_for_long() -> None:
    assert decided(3, samples(lambda _: 0.1, 400, cores=1.0)) == 2
    assert decided(3, samples(lambda _: 0.1, 400, cores=1.5)) == 3
    assert decided(3, samples(lambda _: 0.1, 200, cores=1.0)) == 3
    assert decided(3, samples(lambda t: 8.0 if t == 200 else 0.1, 400, cores=1.0)) == 3


def test_without_readings_nothing_changes() -> None:
    assert decide(spec(), True, Scale(3, START), True, [], at(10_000)) == (Scale(3, START), "")


def test_never_more_than_declared_or_than_partitions() -> None:
    behind = samples(lambda t: 15.0 + 0.9 * t, 60)
    assert decided(2, behind, most=3) == 3
    assert decided(3, behind, most=3) == 3
    assert bounds(spec(least=3, most=8, partitions=2), True) == (2, 2)
    assert bounds(spec(least=0, most=8), True) == (1, 8)


def test_without_a_bucket_for_the_states_there_is_one_worker() -> None:
    assert bounds(spec(least=3, most=8), False) == (1, 1)


def test_a_changed_spec_applies_at_once() -> None:
    assert decide(spec(least=2), True, Scale(1, START), True, [], at(1))[0] == Scale(2, at(1))
    assert decide(spec(most=2), True, Scale(5, START), True, [], at(1))[0] == Scale(2, at(1))


def test_restarted_workers_begin_a_new_history() -> None:
    history = samples(lambda _: 1.0, 100)
    fresh = LagSample(at(110), 0, 0.0, 0.1)
    assert with_sample(history, fresh) == [fresh]
    assert with_sample(history, None) == history
    assert len(with_sample(samples(lambda _: 1.0, 5000), LagSample(at(5010), 0, 0.0, 9e9))) < 100


@settings(max_examples=60, deadline=None)
@given(st.floats(0.15, 6.0), st.integers(1, 8))
def test_workers_keep_up_in_the_end_and_their_number_becomes_stable(cores: float, workers: int) -> None:
    """`cores`: what all beats need; a worker uses one."""
    stream_ = spec()
    scale, history, lag, used, changes = Scale(workers, START), list[LagSample](), 0.0, 0.0, list[float]()
    down = 0.0
    for step in range(3 * 360):
        now = at(step * SAMPLE_SECONDS)
        if down > 0.0:
            lag, down, sample = lag + SAMPLE_SECONDS, down - SAMPLE_SECONDS, None
        else:
            busy = float(scale.workers) if lag > 0.0 else min(scale.workers, cores)
            lag = max(0.0, lag + SAMPLE_SECONDS * (1.0 - scale.workers / cores))
            used += busy * SAMPLE_SECONDS
            sample = LagSample(now, int(lag * 100), lag, used)
        history = with_sample(history, sample)
        after, _ = decide(stream_, True, scale, True, history, now)
        if after != scale:
            scale, used, down = after, 0.0, RESTART_SECONDS
            changes.append(step * SAMPLE_SECONDS)
    assert lag < 10.0
    assert scale.workers >= 0.999 * cores or cores > 8  # three hours of less than that are no lag that counts
    assert len(changes) <= 8, changes
    assert not changes or changes[-1] < 2 * 3600, "still changing after two hours"


def deployment(scale: Scale, **dependencies: Any) -> Manifest:
    objects = desired(OWNER, stream(), stream_dependencies(scale=scale, **dependencies))
    (found,) = [one for one in objects if one["kind"] == "Deployment"]
    return found


def test_the_deployment_holds_the_scale() -> None:
    scale = Scale(3, at(5))
    made = deployment(scale)
    assert scale_of(made) == scale
    assert made["spec"]["replicas"] == 3
    assert made["spec"]["strategy"] == {"type": "Recreate"}


def test_other_numbers_of_workers_or_another_target_restart_no_pod() -> None:
    def template(spec: BioStreamSpec) -> Manifest:
        objects = desired(OWNER, spec, stream_dependencies())
        (found,) = [one for one in objects if one["kind"] == "Deployment"]
        return found["spec"]["template"]

    image = {"image": "aura/biosync:1"}
    more = image | {"replicas": {"min": 2, "max": 8}, "targetLag": "20s"}
    assert template(stream(dataflow=image)) == template(stream(dataflow=more))
    assert template(stream(dataflow=image)) != template(stream(dataflow={"image": "aura/biosync:2"}))


def test_a_passive_region_has_no_pod_and_holds_no_scale() -> None:
    made = deployment(Scale(3, at(5)), passive=True)
    assert made["spec"]["replicas"] == 0
    assert scale_of(made) is None


def test_a_passive_region_has_nothing_to_change_later() -> None:
    def objects(moment: datetime) -> list[Manifest]:
        return desired(OWNER, stream(), stream_dependencies(scale=Scale(1, moment), passive=True))

    live = [with_applied_digest(one) for one in objects(at(0))]
    assert plan(objects(at(3600)), live) == []


@pytest.mark.parametrize(("aws", "local"), [(443, "emptyDir"), (None, "persistentVolumeClaim")])
def test_states_lie_on_a_volume_of_their_own_only_where_no_bucket_has_them(aws: int | None, local: str) -> None:
    (volume,) = [
        one
        for one in deployment(Scale(1, START), aws=aws)["spec"]["template"]["spec"]["volumes"]
        if one["name"] == "state"
    ]
    assert local in volume
    kinds = [one["kind"] for one in desired(OWNER, stream(), stream_dependencies(aws=aws))]
    assert ("PersistentVolumeClaim" in kinds) == (aws is None)


def test_a_worker_on_a_lost_node_is_replaced_after_half_a_minute() -> None:
    tolerations = deployment(Scale(1, START))["spec"]["template"]["spec"]["tolerations"]
    seconds = {one["key"]: one["tolerationSeconds"] for one in tolerations if one["effect"] == "NoExecute"}
    assert seconds == {"node.kubernetes.io/not-ready": 30, "node.kubernetes.io/unreachable": 30}
    assert {"key": "aura/stateful", "operator": "Exists", "effect": "NoSchedule"} in tolerations


def test_workers_are_spread_over_zones_and_nodes_and_drained_one_by_one() -> None:
    pod = deployment(Scale(2, START))["spec"]["template"]["spec"]
    keys = [one["topologyKey"] for one in pod["topologySpreadConstraints"]]
    assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    (budget,) = [one for one in desired(OWNER, stream(), stream_dependencies()) if one["kind"] == "PodDisruptionBudget"]
    assert budget["spec"]["maxUnavailable"] == 1
    assert (
        budget["spec"]["selector"]["matchLabels"].items()
        <= deployment(Scale(2, START))["spec"]["template"]["metadata"]["labels"].items()
    )


def test_a_deployment_without_a_scale_has_none() -> None:
    made = deployment(Scale(3, START))
    del made["metadata"]["annotations"]
    assert scale_of(made) is None
    assert scale_of(None) is None


def test_metrics_of_all_workers_become_one_sample() -> None:
    first = """
biosync_consumer_lag_records{partition="0"} 3.0
biosync_consumer_lag_seconds{partition="0"} 1.5
# TYPE biosync_cpu_seconds_total counter
biosync_cpu_seconds_total 10.5
# TYPE biosync_rejected_records_total counter
biosync_rejected_records_total{reason="frames",sink="dataflow"} 2.0
biosync_rejected_records_total{reason="encoding",sink="store"} 1.0
"""
    second = """
biosync_consumer_lag_records{partition="1"} 4.0
biosync_consumer_lag_seconds{partition="1"} 2.5
# TYPE biosync_cpu_seconds_total counter
biosync_cpu_seconds_total 2.0
"""
    assert parse([first, second], 2, START) == LagSample(START, 7, 2.5, 12.5, 3)
    assert parse([first], 2, START) is None
    assert parse([first, second], 3, START) is None
    assert parse([], 1, START) is None
    assert parse(["biosync_cpu_seconds_total 12.5\n"], 1, START) is None


def test_a_partition_that_two_workers_report_counts_once() -> None:
    of_both = """
biosync_consumer_lag_records{partition="0"} %d
biosync_consumer_lag_seconds{partition="0"} %d
# TYPE biosync_cpu_seconds_total counter
biosync_cpu_seconds_total 1.0
"""
    assert parse([of_both % (3, 2), of_both % (5, 1)], 1, START) == LagSample(START, 5, 2.0, 2.0)
