"""When a platform is healthy, and what is reported when it is not."""

from __future__ import annotations

import msgspec
import pytest

from cli.deploy.readiness import Declared, declared_names, readiness, unready
from cli.deploy.stack import summary
from cli.logs import matching
from cli.status import healthy
from local.observe.model import Condition, CustomResource, Platform, Pod, Resource

DATABASE = Resource("us-west-2", "RDS", "auth", "available", "127.10.0.3:5432")
SERVICE = CustomResource("us-west-2", "AuraService", "aura", "ingest", [Condition("Ready", "True", "Ready", "")])
POD = Pod("us-west-2", "aura", "ingest-1", "node-1", "Running", True, 0, "")
ALL_WELL = Platform([DATABASE], [SERVICE], [POD], [])
UNREADY = msgspec.structs.replace(SERVICE, conditions=[Condition("Ready", "False", "NoImage", "image is not known")])


def test_all_well_is_healthy() -> None:
    assert healthy(ALL_WELL)


@pytest.mark.parametrize(
    "change",
    [
        {"resources": [msgspec.structs.replace(DATABASE, status="creating")]},
        {"custom_resources": [UNREADY]},
        {"pods": [msgspec.structs.replace(POD, ready=False)]},
        {"problems": ["AWS in us-west-2 does not answer"]},
        {"resources": []},
    ],
)
def test_anything_amiss_is_not_healthy(change: dict) -> None:
    assert not healthy(msgspec.structs.replace(ALL_WELL, **change))


def test_waiting_names_what_is_not_ready_and_why() -> None:
    crashing = msgspec.structs.replace(POD, ready=False, reason="CrashLoopBackOff")
    ended = msgspec.structs.replace(POD, ready=False, phase="Succeeded")
    assert unready([SERVICE, UNREADY], [POD, crashing, ended]) == [
        "AuraService ingest: image is not known",
        "Pod ingest-1: CrashLoopBackOff",
    ]


def test_only_what_the_manifests_declare_is_waited_for_and_the_rest_is_told() -> None:
    declared = {Declared("AuraService", "aura", "ingest"), Declared("Deployment", "aura", "operators")}
    own = msgspec.structs.replace(POD, app="ingest")
    operator = msgspec.structs.replace(POD, name="operators-1", app="operators", ready=False, reason="ErrImagePull")
    theirs = msgspec.structs.replace(UNREADY, name="theirs")
    stray = msgspec.structs.replace(POD, name="stray", ready=False, reason="CrashLoopBackOff")
    namesake = msgspec.structs.replace(
        POD, namespace="other", name="ingest-9", app="ingest", ready=False, reason="Error (1)"
    )
    found = readiness(declared, [SERVICE, theirs], [own, stray, namesake])
    assert (found.counts, found.missing) == ("1 custom resources, 1 Pods", [])
    assert found.others == [
        "AuraService theirs: image is not known",
        "Pod stray: CrashLoopBackOff",
        "Pod ingest-9: Error (1)",
    ]
    assert readiness(declared, [SERVICE], [own, operator]).missing == ["Pod operators-1: ErrImagePull"]
    assert readiness(declared, [theirs], []).missing == ["AuraService ingest: does not exist yet"]


def test_what_the_manifests_declare_is_read_from_them() -> None:
    def manifest(kind: str, name: str) -> dict[str, object]:
        return {"kind": kind, "metadata": {"name": name, "namespace": "aura"}}

    written = [manifest("AuraService", "auth"), manifest("Deployment", "gateway"), manifest("ConfigMap", "x"), None]
    assert declared_names(written) == {
        Declared("AuraService", "aura", "auth"),
        Declared("Deployment", "aura", "gateway"),
    }


def test_a_pod_is_found_by_the_start_of_its_name_but_an_exact_name_wins() -> None:
    other = msgspec.structs.replace(POD, name="ingest-12")
    assert matching("ingest-1", [POD, other]) == [POD]
    assert matching("ingest", [POD, other]) == [POD, other]
    assert matching("auth", [POD, other]) == []


def test_the_summary_is_what_pulumi_counted() -> None:
    printed = "Outputs:\n    a: 1\n\nResources:\n    + 3 created\n    61 unchanged\n\nDuration: 4s\n"
    assert summary(printed) == "3 created, 61 unchanged"
