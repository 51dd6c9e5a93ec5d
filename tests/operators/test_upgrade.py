"""When another image of a stream's dataflow takes over, computes beside the running one, or is refused."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from contracts.biostream import Dataflow
from contracts.biostream import Upgrade as Declared
from contracts.comparison import Comparison
from operators.biostream.candidate import REFUSED, candidate_of, desired_candidate, name, selector
from operators.biostream.desired import HAS_RUN, computes, desired, has_run, with_image
from operators.biostream.upgrade import Candidate, Running, Upgrade, upgrade
from operators.kubernetes.conditions import State
from operators.kubernetes.manifest import Manifest
from tests.operators.samples import OWNER, stream, stream_dependencies

OLD, NEW = "aura/biosync:1", "aura/biosync:2"
SINCE = 1_760_000_000_000
RUNNING = Running(OLD, declared=True, complete=True)


def dataflow(image: str = NEW, compare: str | None = "10m") -> Dataflow:
    return Dataflow(image=image, upgrade=Declared(compare=compare) if compare else None)


def decided(**given: Any) -> Upgrade:
    known: dict[str, Any] = {
        "dataflow": dataflow(),
        "running": RUNNING,
        "candidate": Candidate(NEW),
        "comparison": None,
        "bucket": True,
    }
    return upgrade(**(known | given))


def compared(seconds: float, **members: Any) -> Comparison:
    found = Comparison(since=SINCE, until=SINCE + int(seconds * 1000), rows=120, events=2)
    return msgspec.structs.replace(found, **members)


def reason(of: Upgrade) -> tuple[State, str]:
    assert of.finding is not None
    return of.finding.state, of.finding.reason


def test_without_a_comparison_another_image_takes_over_at_once() -> None:
    assert decided(dataflow=dataflow(compare=None)) == Upgrade(NEW)


def test_the_first_image_and_one_that_never_ran_are_not_compared_with() -> None:
    found = decided(running=None, candidate=None)
    assert (found.image, found.candidate) == (NEW, None)
    assert reason(found) == (State.GOOD, "AsDeclared")


def test_another_image_is_started_beside_the_running_one_once_that_computes_as_declared() -> None:
    for running, created in (
        (RUNNING, Candidate(NEW)),
        (Running(OLD, declared=False, complete=True), None),
        (Running(OLD, declared=True, complete=False), None),
    ):
        found = decided(running=running, candidate=None)
        assert (found.image, found.candidate) == (OLD, created)
        assert reason(found) == (State.WAITING, "Starting")


def test_a_candidate_stays_while_a_worker_is_missing_but_not_over_another_spec() -> None:
    for running, kept in (
        (Running(OLD, declared=True, complete=False), Candidate(NEW)),
        (Running(OLD, declared=False, complete=True), None),
    ):
        for known in (Candidate(NEW), Candidate(NEW, "rmssd is 40")):
            found = decided(running=running, candidate=known, comparison=compared(60))
            assert (found.image, found.candidate) == (OLD, known if kept else None)


def test_it_takes_over_once_as_much_time_as_declared_is_judged_equal() -> None:
    early = decided(comparison=compared(599.9))
    assert (early.image, early.candidate, reason(early)) == (OLD, Candidate(NEW), (State.WAITING, "Comparing"))
    assert early.finding and "120 rows and 2 events are equal, after 599 s of 10m" in early.finding.message
    equal = decided(comparison=compared(600))
    assert (equal.image, equal.candidate, reason(equal)) == (NEW, None, (State.GOOD, "Equal"))
    assert "takes over" in equal.news


def test_nothing_that_was_compared_is_no_proof() -> None:
    found = decided(comparison=compared(3600, rows=0, events=0))
    assert (found.image, reason(found)) == (OLD, (State.WAITING, "Comparing"))
    away = decided(comparison=compared(3600, waiting="S3 is away"))
    assert (away.image, reason(away)) == (OLD, (State.WAITING, "Comparing"))
    silent = decided(comparison=Comparison(waiting="S3 is away"))
    assert silent.finding and "S3 is away" in silent.finding.message


def test_a_difference_refuses_the_image_and_the_refusal_stays_until_another_is_declared() -> None:
    found = decided(comparison=compared(3600, different=1, difference="rmssd is 40, and this image computes 40.4"))
    assert (found.image, reason(found)) == (OLD, (State.BROKEN, "Different"))
    assert found.candidate == Candidate(NEW, "rmssd is 40, and this image computes 40.4")
    assert found.finding and "rmssd is 40" in found.finding.message and f"{OLD} goes on" in found.finding.message
    again = decided(candidate=found.candidate, comparison=compared(3600))
    assert (again.image, again.candidate, again.finding, again.news) == (OLD, found.candidate, found.finding, "")
    other = decided(dataflow=dataflow("aura/biosync:3"), candidate=found.candidate)
    assert (other.image, other.candidate) == (OLD, Candidate("aura/biosync:3"))
    back = decided(dataflow=dataflow(OLD), candidate=found.candidate)
    assert (back.image, back.candidate, reason(back)) == (OLD, None, (State.GOOD, "AsDeclared"))


def test_without_a_bucket_there_is_nothing_to_begin_with() -> None:
    found = decided(candidate=None, bucket=False)
    assert (found.image, found.candidate, reason(found)) == (OLD, None, (State.BROKEN, "NoSnapshots"))


RUNNINGS = st.none() | st.builds(Running, st.sampled_from([OLD, NEW, "other"]), st.booleans(), st.booleans())
CANDIDATES = st.none() | st.builds(Candidate, st.sampled_from([OLD, NEW]), st.sampled_from(["", "differs"]))
COMPARISONS = st.none() | st.builds(
    lambda seconds, rows, different: compared(seconds, rows=rows, different=different),
    st.integers(0, 1200),
    st.integers(0, 2),
    st.integers(0, 2),
)


@given(RUNNINGS, CANDIDATES, COMPARISONS, st.booleans())
def test_no_other_image_ever_runs_without_proof(
    running: Running | None, candidate: Candidate | None, comparison: Comparison | None, bucket: bool
) -> None:
    found = upgrade(dataflow(), running, candidate, comparison, bucket)
    proven = comparison is not None and comparison.rows > 0 and not comparison.different
    if found.image != (running.image if running else NEW):
        assert found.image == NEW and proven
        assert candidate == Candidate(NEW)
    assert not (found.candidate and found.candidate.image == found.image)


def candidate_objects(**members: Any) -> list[Manifest]:
    spec = stream(dataflow={"image": NEW, "upgrade": {"compare": "10m", "tolerance": 0.001}})
    return desired_candidate(OWNER, spec, stream_dependencies(aws=443), Candidate(NEW, **members))


def test_a_candidate_has_nothing_that_it_could_write_with_and_no_label_of_a_worker() -> None:
    policy, deployment = candidate_objects()
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    variables = {one["name"] for one in container["env"]}
    assert not variables & {"WEBHOOK_SECRET", "RESPONSE_URL", "STATE_DIR"}
    assert {"COMPARE_TOLERANCE", "TIMESERIES_URL", "STATE_PREFIX"} <= variables
    assert container["args"] == ["compare"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert not labels.items() >= OWNER.selector.items()
    for one in (policy["spec"]["podSelector"], deployment["spec"]["selector"]):
        assert one == {"matchLabels": selector(OWNER)}
    assert {policy["metadata"]["name"], deployment["metadata"]["name"]} == {name(OWNER)}


def test_a_refused_candidate_has_no_pod_and_says_why() -> None:
    _, deployment = candidate_objects(refused="rmssd is 40")
    assert deployment["spec"]["replicas"] == 0
    assert deployment["metadata"]["annotations"][REFUSED] == "rmssd is 40"
    assert candidate_of(deployment) == Candidate(NEW, "rmssd is 40")


def workers(spec: dict[str, Any], **members: Any) -> Manifest:
    objects = desired(OWNER, stream(**spec), stream_dependencies(**members))
    return next(one for one in objects if one["kind"] == "Deployment")


def test_workers_compute_a_spec_whatever_their_number() -> None:
    spec = stream(dataflow={"image": OLD, "upgrade": {"compare": "1h"}, "replicas": {"min": 2, "max": 3}})
    assert computes(workers({}), spec)
    assert not computes(workers({}), with_image(spec, NEW))
    assert not computes(workers({}), stream(hrv={"window": "120s"}))


def test_an_image_has_run_once_its_pods_were_available_and_over_a_rollout_of_another_spec() -> None:
    fresh = workers({})
    assert has_run(fresh) == has_run(None) == ""
    available = {"conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]}
    assert has_run(fresh | {"status": available}) == OLD
    again = workers({"hrv": {"window": "120s"}}, has_run=OLD)
    assert again["metadata"]["annotations"][HAS_RUN] == OLD
    rolling = {"conditions": [{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}]}
    assert has_run(again | {"status": rolling}) == OLD
    assert HAS_RUN not in workers({"dataflow": {"image": NEW}}, has_run=OLD)["metadata"]["annotations"]
