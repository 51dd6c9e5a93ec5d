"""How many workers a dataflow gets, by what they told; and a simulated day of looks, decisions and restarts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from operators.adapters.dataflow.lag import LagSample, parse
from operators.biostream.desired import desired, scale_of
from operators.biostream.scaling import Scale, bounds, decide, with_sample
from operators.kubernetes.manifest import Manifest
from tests.operators.samples import OWNER, stream, stream_around

START = datetime(2026, 1, 1, tzinfo=UTC)
LOOK = 10.0
RESTART = 6.0
"""Seconds in which nothing is read after a change."""


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def spec(least: int = 1, most: int = 8, partitions: int = 12):
    source = {"topic": "raw", "partitions": partitions, "retention": "24h"}
    dataflow = {"image": "aura/biosync:1", "replicas": {"min": least, "max": most}, "targetLag": "10s"}
    return stream(source=source, dataflow=dataflow)


def readings(lag: Callable[[float], float], until: float, cores: float = 0.5) -> list[LagSample]:
    """Looks every ten seconds up to `until`."""
    moments = [LOOK * i for i in range(int(until / LOOK) + 1)]
    return [LagSample(at(t), int(100 * lag(t)), lag(t), cores * t) for t in moments]


def decided(workers: int, seen: list[LagSample], most: int = 8) -> int:
    scale, why = decide(spec(most=most), Scale(workers, START), seen, seen[-1].at)
    assert bool(why) == (scale.workers != workers)
    return scale.workers


def test_workers_that_keep_up_stay_as_many_as_they_are() -> None:
    assert decided(2, readings(lambda _: 9.0, 1000, cores=1.8)) == 2


def test_who_falls_behind_gets_as_many_as_the_beats_need() -> None:
    # half of what comes is read: twice as many keep up, and the spare catches up, but never more than double at once
    assert decided(2, readings(lambda t: 15.0 + 0.5 * t, 60)) == 4
    assert decided(4, readings(lambda t: 15.0 + 0.1 * t, 60)) == 6


def test_a_lag_that_stays_gets_one_more() -> None:
    assert decided(1, readings(lambda _: 30.0, 60)) == 2


def test_a_lag_that_shrinks_fast_enough_is_left_to_it() -> None:
    assert decided(1, readings(lambda t: 100.0 - t, 60)) == 1
    assert decided(1, readings(lambda t: 1000.0 - 0.1 * t, 60)) > 1


def test_one_look_is_no_reason() -> None:
    assert decided(1, readings(lambda t: 40.0 if t >= 60 else 0.0, 60)) == 1
    assert decided(1, readings(lambda t: 0.0 if t == 50 else 40.0, 60)) == 1


def test_what_is_seen_right_after_a_change_is_no_reason() -> None:
    assert decided(1, readings(lambda _: 40.0, 40)) == 1


def test_one_goes_when_the_others_have_cores_enough_for_long() -> None:
    assert decided(3, readings(lambda _: 0.1, 400, cores=1.0)) == 2
    assert decided(3, readings(lambda _: 0.1, 400, cores=1.5)) == 3
    assert decided(3, readings(lambda _: 0.1, 200, cores=1.0)) == 3
    assert decided(3, readings(lambda t: 8.0 if t == 200 else 0.1, 400, cores=1.0)) == 3


def test_without_readings_nothing_changes() -> None:
    assert decide(spec(), Scale(3, START), [], at(10_000)) == (Scale(3, START), "")


def test_never_more_than_declared_or_than_partitions() -> None:
    behind = readings(lambda t: 15.0 + 0.9 * t, 60)
    assert decided(2, behind, most=3) == 3
    assert decided(3, behind, most=3) == 3
    assert bounds(spec(least=3, most=8, partitions=2)) == (2, 2)
    assert bounds(spec(least=0, most=8)) == (1, 8)


def test_a_change_of_the_declaration_is_followed_at_once() -> None:
    assert decide(spec(least=2), Scale(1, START), [], at(1))[0] == Scale(2, at(1))
    assert decide(spec(most=2), Scale(5, START), [], at(1))[0] == Scale(2, at(1))


def test_workers_that_started_anew_begin_a_new_memory() -> None:
    seen = readings(lambda _: 1.0, 100)
    fresh = LagSample(at(110), 0, 0.0, 0.1)
    assert with_sample(seen, fresh) == [fresh]
    assert with_sample(seen, None) == seen
    assert len(with_sample(readings(lambda _: 1.0, 5000), LagSample(at(5010), 0, 0.0, 9e9))) < 100


@settings(max_examples=60, deadline=None)
@given(st.floats(0.15, 6.0), st.integers(1, 8))
def test_workers_come_to_keep_up_and_their_number_comes_to_rest(cores: float, workers: int) -> None:
    """`cores`: what all beats need; a worker has one."""
    stream_ = spec()
    scale, seen, lag, used, changes = Scale(workers, START), list[LagSample](), 0.0, 0.0, list[float]()
    down = 0.0
    for look in range(3 * 360):
        now = at(look * LOOK)
        if down > 0.0:
            lag, down, told = lag + LOOK, down - LOOK, None
        else:
            busy = float(scale.workers) if lag > 0.0 else min(scale.workers, cores)
            lag = max(0.0, lag + LOOK * (1.0 - scale.workers / cores))
            used += busy * LOOK
            told = LagSample(now, int(lag * 100), lag, used)
        seen = with_sample(seen, told)
        after, _ = decide(stream_, scale, seen, now)
        if after != scale:
            scale, used, down = after, 0.0, RESTART
            changes.append(look * LOOK)
    assert lag < 10.0
    assert scale.workers >= cores or cores > 8
    assert len(changes) <= 8, changes
    assert not changes or changes[-1] < 2 * 3600, "still changing after two hours"


def deployment(scale: Scale) -> Manifest:
    objects = desired(OWNER, stream(), stream_around(scale=scale))
    (found,) = [one for one in objects if one["kind"] == "Deployment"]
    return found


def test_the_deployment_says_how_many_workers_and_since_when() -> None:
    scale = Scale(3, at(5))
    made = deployment(scale)
    assert scale_of(made) == scale
    assert made["spec"]["replicas"] == 1
    assert made["spec"]["strategy"] == {"type": "Recreate"}
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["requests"]["cpu"] == "1500m"


def test_a_deployment_without_a_scale_has_none() -> None:
    made = deployment(Scale(3, START))
    del made["metadata"]["annotations"]
    assert scale_of(made) is None
    assert scale_of(None) is None


def test_what_the_workers_tell_is_read_as_one() -> None:
    told = """
biosync_consumer_lag_records{partition="0"} 3.0
biosync_consumer_lag_records{partition="1"} 4.0
biosync_consumer_lag_seconds{partition="0"} 1.5
biosync_consumer_lag_seconds{partition="1"} 2.5
# TYPE biosync_cpu_seconds_total counter
biosync_cpu_seconds_total 12.5
"""
    assert parse(told, 2, START) == LagSample(START, 7, 2.5, 12.5)
    assert parse(told, 3, START) is None
    assert parse("", 1, START) is None
    assert parse("biosync_cpu_seconds_total 12.5\n", 1, START) is None
