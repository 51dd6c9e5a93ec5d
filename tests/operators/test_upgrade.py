"""When another image of a stream's dataflow takes over, computes beside the running one, or is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from contracts.biostream import Dataflow
from contracts.biostream import Upgrade as Declared
from contracts.comparison import Comparison
from operators.biostream.candidate import REFUSED, candidate_of, desired_candidate, key, name, selector
from operators.biostream.desired import HAS_RUN, desired, with_image
from operators.biostream.scaling import Scale
from operators.biostream.upgrade import Candidate, Running, Upgrade, upgrade
from operators.biostream.workers import BACK_FOR, computes, has_run, replaced, taking_over
from operators.kubernetes.conditions import State
from operators.kubernetes.manifest import Manifest
from tests.operators.samples import OWNER, stream, stream_dependencies

OLD, NEW = "aura/biosync:1", "aura/biosync:2"
KEY = "of what is declared"
SINCE = 1_760_000_000_000
NOW = datetime(2026, 3, 1, tzinfo=UTC)
RUNNING = Running(OLD, computes=True, complete=True)


def dataflow(image: str = NEW, compare: str | None = "10m") -> Dataflow:
    return Dataflow(image=image, upgrade=Declared(compare=compare) if compare else None)


def decided(**given: Any) -> Upgrade:
    known: dict[str, Any] = {
        "dataflow": dataflow(),
        "key": KEY,
        "running": RUNNING,
        "candidate": Candidate(KEY),
        "comparison": None,
        "bucket": True,
    }
    return upgrade(**(known | given))


def compared(seconds: float, **members: Any) -> Comparison:
    found = Comparison(key=KEY, since=SINCE, until=SINCE + int(seconds * 1000), rows=120, events=2)
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
        (RUNNING, Candidate(KEY)),
        (replace(RUNNING, computes=False), None),
        (replace(RUNNING, complete=False), None),
    ):
        found = decided(running=running, candidate=None)
        assert (found.image, found.candidate) == (OLD, created)
        assert reason(found) == (State.WAITING, "Starting")


def test_a_candidate_stays_while_a_worker_is_missing_but_not_over_another_spec() -> None:
    for running, kept in ((replace(RUNNING, complete=False), True), (replace(RUNNING, computes=False), False)):
        for known in (Candidate(KEY), Candidate(KEY, "rmssd is 40")):
            found = decided(running=running, candidate=known, comparison=compared(60))
            assert (found.image, found.candidate) == (OLD, known if kept else None)


def test_an_answer_counts_for_what_is_declared_alone() -> None:
    """The Pod of the candidate before answers until it ends."""
    for answer in (compared(3600), compared(3600, different=1, difference="rmssd is 40")):
        found = decided(comparison=msgspec.structs.replace(answer, key="of another"))
        assert (found.image, found.candidate, reason(found)) == (OLD, Candidate(KEY), (State.WAITING, "Starting"))


def test_an_image_that_does_not_run_holds_nobody_up() -> None:
    found = decided(running=replace(RUNNING, complete=False, failing="CrashLoopBackOff"), candidate=None)
    assert (found.image, reason(found)) == (NEW, (State.GOOD, "NotRunning"))
    assert found.finding and "CrashLoopBackOff" in found.finding.message


def test_the_image_before_comes_back_without_a_comparison() -> None:
    """It goes on from its own states: what the one after it computes may be wrong, and is no measure for it."""
    found = decided(running=replace(RUNNING, replaced=NEW), candidate=None)
    assert (found.image, reason(found)) == (NEW, (State.GOOD, "Back"))
    assert not found.proven


def test_a_region_that_is_stopped_keeps_its_image_and_what_is_refused() -> None:
    stopped = replace(RUNNING, complete=False, stopped=True)
    for known, kept in (
        (Candidate(KEY, "rmssd is 40"), Candidate(KEY, "rmssd is 40")),
        (Candidate("of another", "rmssd is 40"), None),
        (Candidate(KEY), None),
    ):
        found = decided(running=stopped, candidate=known, comparison=compared(3600))
        assert (found.image, found.candidate, reason(found)) == (OLD, kept, (State.GOOD, "Stopped"))


def test_a_region_that_is_stopped_takes_what_the_active_one_runs() -> None:
    found = decided(running=replace(RUNNING, stopped=True, elsewhere=NEW))
    assert (found.image, found.candidate, reason(found)) == (NEW, None, (State.GOOD, "RunsElsewhere"))


def test_it_takes_over_once_as_much_time_as_declared_is_judged_equal() -> None:
    early = decided(comparison=compared(599.9))
    assert (early.image, early.candidate, reason(early)) == (OLD, Candidate(KEY), (State.WAITING, "Comparing"))
    assert early.finding and "120 rows and 2 events are equal, after 599 s of 10m" in early.finding.message
    equal = decided(comparison=compared(600))
    assert (equal.image, equal.candidate, reason(equal)) == (NEW, None, (State.GOOD, "Equal"))
    assert "takes over" in equal.news and equal.proven


def test_nothing_that_was_compared_is_no_proof() -> None:
    found = decided(comparison=compared(3600, rows=0, events=0))
    assert (found.image, reason(found)) == (OLD, (State.WAITING, "Comparing"))
    away = decided(comparison=compared(3600, waiting="S3 is away"))
    assert (away.image, reason(away)) == (OLD, (State.WAITING, "Comparing"))
    silent = decided(comparison=Comparison(key=KEY, waiting="S3 is away"))
    assert silent.finding and "S3 is away" in silent.finding.message


def test_a_difference_refuses_the_image_and_the_refusal_stays_until_another_is_declared() -> None:
    found = decided(comparison=compared(3600, different=1, difference="rmssd is 40, and this image computes 40.4"))
    assert (found.image, reason(found)) == (OLD, (State.BROKEN, "Different"))
    assert found.candidate == Candidate(KEY, "rmssd is 40, and this image computes 40.4")
    assert found.finding and "rmssd is 40" in found.finding.message and f"{OLD} goes on" in found.finding.message
    again = decided(candidate=found.candidate, comparison=compared(3600))
    assert (again.image, again.candidate, again.finding, again.news) == (OLD, found.candidate, found.finding, "")
    other = decided(key="of another image or tolerance", candidate=found.candidate)
    assert (other.image, other.candidate) == (OLD, Candidate("of another image or tolerance"))
    back = decided(dataflow=dataflow(OLD), candidate=found.candidate)
    assert (back.image, back.candidate, reason(back)) == (OLD, None, (State.GOOD, "AsDeclared"))


def test_without_a_bucket_there_is_nothing_to_begin_with() -> None:
    found = decided(candidate=None, bucket=False)
    assert (found.image, found.candidate, reason(found)) == (OLD, None, (State.BROKEN, "NoSnapshots"))


RUNNINGS = st.none() | st.builds(
    Running,
    st.sampled_from([OLD, NEW]),
    st.booleans(),
    st.booleans(),
    failing=st.sampled_from(["", "CrashLoopBackOff"]),
    replaced=st.sampled_from(["", OLD, NEW]),
    stopped=st.booleans(),
    elsewhere=st.sampled_from(["", OLD, NEW]),
)
CANDIDATES = st.none() | st.builds(Candidate, st.sampled_from([KEY, "other"]), st.sampled_from(["", "differs"]))
COMPARISONS = st.none() | st.builds(
    lambda seconds, rows, different, key: compared(seconds, rows=rows, different=different, key=key),
    st.integers(0, 1200),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from([KEY, "other"]),
)


@given(RUNNINGS, CANDIDATES, COMPARISONS, st.booleans())
def test_an_image_that_ran_is_replaced_with_proof_or_for_a_reason_that_is_told(
    running: Running | None, candidate: Candidate | None, comparison: Comparison | None, bucket: bool
) -> None:
    found = decided(running=running, candidate=candidate, comparison=comparison, bucket=bucket)
    if running and running.image == OLD and found.image == NEW:
        if found.proven:
            assert comparison and comparison.key == KEY and comparison.rows and not comparison.different
            assert comparison.until - comparison.since >= 600_000
            assert candidate == Candidate(KEY) and running.computes and bucket and not running.stopped
        else:
            assert reason(found)[1] in ("Back", "NotRunning", "RunsElsewhere")
            assert running.replaced == NEW or running.failing or running.elsewhere == NEW
    assert not (found.candidate and found.image == NEW)


SPEC: dict[str, Any] = {"image": NEW, "upgrade": {"compare": "10m", "tolerance": 0.001}}


def candidate_objects(dataflow: dict[str, Any] = SPEC, refused: str = "", workers: int = 1) -> list[Manifest]:
    spec = stream(dataflow=dataflow)
    dependencies = stream_dependencies(aws=443, scale=Scale(workers, NOW))
    return desired_candidate(OWNER, spec, dependencies, Candidate(key(spec), refused))


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


def test_a_candidate_computes_on_while_the_number_of_workers_changes() -> None:
    dataflow = SPEC | {"replicas": {"min": 1, "max": 3}}
    assert candidate_objects(dataflow) == candidate_objects(dataflow, workers=3)


def test_a_comparison_is_of_an_image_a_spec_and_a_tolerance() -> None:
    keys = {
        key(stream(dataflow=SPEC)),
        key(stream(dataflow=SPEC | {"image": "aura/biosync:3"})),
        key(stream(dataflow=SPEC | {"upgrade": {"compare": "10m"}})),
        key(stream(dataflow=SPEC, hrv={"window": "120s"})),
    }
    assert len(keys) == 4
    longer = {"upgrade": {"compare": "1h", "tolerance": 0.001}, "replicas": {"min": 2, "max": 3}}
    assert key(stream(dataflow=SPEC | longer)) in keys


def test_a_refused_candidate_has_no_pod_and_says_why() -> None:
    _, deployment = candidate_objects(refused="rmssd is 40")
    assert deployment["spec"]["replicas"] == 0
    assert deployment["metadata"]["annotations"][REFUSED] == "rmssd is 40"
    assert candidate_of(deployment) == Candidate(key(stream(dataflow=SPEC)), "rmssd is 40")


def workers(spec: dict[str, Any], **members: Any) -> Manifest:
    objects = desired(OWNER, stream(**spec), stream_dependencies(**members))
    return next(one for one in objects if one["kind"] == "Deployment")


def test_workers_compute_a_spec_whatever_their_number() -> None:
    spec = stream(dataflow={"image": OLD, "upgrade": {"compare": "1h"}, "replicas": {"min": 2, "max": 3}})
    assert computes(workers({}), spec)
    assert not computes(workers({}), with_image(spec, NEW))
    assert not computes(workers({}), stream(hrv={"window": "120s"}))


def with_status(deployment: Manifest, generation: int = 2, observed: int = 2, **counts: int) -> Manifest:
    metadata = deployment["metadata"] | {"generation": generation}
    reason = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}  # of the image before, too
    status = {"observedGeneration": observed, "conditions": [reason], **counts}
    return deployment | {"metadata": metadata, "status": status}


def test_an_image_has_run_once_its_own_pods_were_available() -> None:
    fresh = workers({})
    available = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    assert has_run(fresh) == has_run(None) == ""
    assert has_run(with_status(fresh, **available)) == OLD
    assert has_run(with_status(fresh, observed=1, **available)) == ""  # the template before
    assert has_run(with_status(fresh, replicas=1, availableReplicas=1)) == ""  # the old Pod is about to end
    assert has_run(with_status(fresh)) == ""  # it has ended
    assert has_run(with_status(fresh, replicas=1, updatedReplicas=1)) == ""


def test_a_rollout_of_another_spec_and_a_stopped_region_change_nothing_in_that() -> None:
    again = workers({"hrv": {"window": "120s"}}, has_run=OLD, passive=True)
    assert again["metadata"]["annotations"][HAS_RUN] == OLD
    assert has_run(with_status(again)) == OLD
    assert HAS_RUN not in workers({"dataflow": {"image": NEW}}, has_run=OLD)["metadata"]["annotations"]


def test_the_image_before_is_known_for_an_hour() -> None:
    before = workers({})
    assert taking_over(None, OLD, NOW) == taking_over(before, OLD, NOW) == ""
    note = taking_over(before, NEW, NOW)
    after = workers({"dataflow": {"image": NEW}}, replaced=note)
    assert replaced(after, NOW + BACK_FOR - timedelta(seconds=1)) == OLD
    assert replaced(after, NOW + BACK_FOR) == ""
    assert taking_over(after, NEW, NOW + timedelta(minutes=5)) == note
    after["metadata"]["annotations"]["platform.aurawellness.com/replaced"] = "edited by hand"
    assert replaced(after, NOW) == replaced(before, NOW) == ""
