"""The conditions of AuraServices that cannot be what they declare, on a real cluster."""

from __future__ import annotations

import base64
import json
from typing import Any

import psycopg
import pytest

from contracts.platform import READERS_TAG
from contracts.resource import API_VERSION
from tests.operators.conftest import NAMESPACE, SECRETS_PREFIX, Installation
from tests.operators.test_auraservice_on_cluster import SPEC, container

pytestmark = pytest.mark.integration

ONE = SPEC | {"replicas": {"min": 1, "max": 1}}


def database(name: str, instance: str = "operators") -> dict[str, Any]:
    return {"database": {"instance": instance, "name": name}}


def test_a_second_service_with_one_database_is_refused_with_the_name_of_the_first(installation: Installation) -> None:
    installation.apply("AuraService", "has-it", ONE | database("shared"))
    installation.until_reason("auraservice", "has-it", "DatabaseReady", "Exists")
    encoded = installation.cluster.until(
        lambda: installation.get("secret", "has-it-environment").get("data", {}).get("DATABASE_URL"), 30
    )
    installation.apply("AuraService", "wants-it", ONE | database("shared"))
    condition = installation.until_reason("auraservice", "wants-it", "DatabaseReady", "NameConflict")
    assert "belongs to AuraService operators/has-it" in condition["message"]
    assert not installation.get("deployment", "wants-it")
    psycopg.connect(base64.b64decode(encoded).decode()).close()
    assert installation.conditions("auraservice", "has-it")["DatabaseReady"]["status"] == "True"


def test_a_database_named_as_the_master_user_is_refused(installation: Installation) -> None:
    installation.apply("AuraService", "named-tester", ONE | database("tester"))
    installation.until_reason("auraservice", "named-tester", "Degraded", "NameConflict")
    psycopg.connect(installation.postgres.create("operators_timeseries")).close()


def test_an_instance_whose_secret_has_another_form_is_told(installation: Installation) -> None:
    installation.create_secret("rds/odd", "hidden")
    installation.apply("AuraService", "odd-instance", ONE | database("odd", "odd"))
    condition = installation.until_reason("auraservice", "odd-instance", "Degraded", "DatabaseUnavailable")
    assert "secret rds/odd is not JSON" in condition["message"]
    assert "hidden" not in condition["message"]


def test_members_of_a_json_secret_and_an_emoji_reach_the_pods_as_written(installation: Installation) -> None:
    members = '{"flag": true, "price": 1.10, "huge": 1e400, "list": [1, {"a": null}], "text": "p$$w 😀", "none": null}'
    installation.create_secret("written/members", members)
    wanted = {name.upper(): f"written/members#{name}" for name in ("flag", "price", "huge", "list", "text")}
    odd = "😀 \x7f \x85 \u2028 \ufeff end"
    about = {"apiVersion": API_VERSION, "kind": "AuraService", "metadata": {"name": "written", "namespace": NAMESPACE}}
    spec = installation.with_own_secrets("written", ONE | {"secrets": SPEC["secrets"] | wanted, "env": {"ODD": odd}})
    written = json.dumps({**about, "spec": spec})
    installation.cluster.kubectl("create", "-f", "-", stdin=written)  # kubectl's apply refuses control characters
    data = installation.cluster.until(lambda: installation.get("secret", "written-environment").get("data", {}), 60)
    found = {name: base64.b64decode(data[name]).decode() for name in wanted}
    expected = {"FLAG": "true", "PRICE": "1.10", "HUGE": "1e400", "LIST": '[1,{"a":null}]', "TEXT": "p$$w 😀"}
    assert found == expected
    installation.cluster.until(lambda: installation.get("deployment", "written"), 30)
    values = {one["name"]: one.get("value") for one in container(installation, "written")["env"]}
    assert values["ODD"] == odd


def test_dollars_in_env_reach_the_process_as_written(installation: Installation) -> None:
    written = {"PASSWORD": "p$$w", "LOOKS_LIKE": "x$(POD_IP)y $POD_IP $$(POD_IP) $"}
    installation.apply("AuraService", "dollars", ONE | {"env": written})
    installation.cluster.until(lambda: installation.get("deployment", "dollars"), 60)
    installation.cluster.kubectl("rollout", "status", "deployment/dollars", "-n", NAMESPACE, "--timeout=120s")
    shown = installation.cluster.kubectl("exec", "deployment/dollars", "-n", NAMESPACE, "--", "env")
    seen = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    assert {name: seen[name] for name in written} == written


@pytest.mark.parametrize(("member", "why"), [("none", "is null"), ("nul", "NUL"), ("half", "lone surrogate")])
def test_a_member_that_no_variable_can_hold_is_refused_by_name(
    installation: Installation, member: str, why: str
) -> None:
    name = f"refused-{member}/members"
    installation.create_secret(name, json.dumps({"none": None, "nul": "a\0b", "half": "a\ud83d"}))
    secrets = SPEC["secrets"] | {"ODD": f"{name}#{member}"}
    installation.apply("AuraService", f"refused-{member}", ONE | {"secrets": secrets})
    condition = installation.until_reason("auraservice", f"refused-{member}", "Degraded", "SecretUnavailable")
    assert f"variable ODD: secret {name}#{member}" in condition["message"]
    assert why in condition["message"]


def test_a_secret_of_another_is_refused_until_its_owner_shares_it(installation: Installation) -> None:
    installation.create_secret("payments/stripe", "of-payments")
    own = SPEC["secrets"]
    installation.apply("AuraService", "curious", ONE | {"secrets": own})
    installation.cluster.until(lambda: installation.get("secret", "curious-environment"), 60)
    installation.apply("AuraService", "curious", ONE | {"secrets": own | {"STRIPE": "payments/stripe"}})
    condition = installation.until_reason("auraservice", "curious", "SecretsSynced", "SecretNotShared")
    assert "variable STRIPE: secret payments/stripe belongs to payments" in condition["message"]
    assert "Pods keep their values" in condition["message"]
    assert installation.get("secret", "curious-environment")["data"].keys() == own.keys()
    tags = [{"Key": READERS_TAG, "Value": "others curious"}]
    installation.secrets.tag_resource(SecretId=f"{SECRETS_PREFIX}payments/stripe", Tags=tags)
    installation.until_reason("auraservice", "curious", "SecretsSynced", "Synced")
    encoded = installation.cluster.until(
        lambda: installation.get("secret", "curious-environment")["data"].get("STRIPE"), 30
    )
    assert base64.b64decode(encoded) == b"of-payments"


def test_a_pod_that_crashes_is_told_with_its_exit_code_and_last_line(installation: Installation) -> None:
    installation.apply("AuraService", "crashes", {key: value for key, value in ONE.items() if key != "secrets"})
    condition = installation.until_reason("auraservice", "crashes", "Degraded", "CrashLoopBackOff")
    assert "exit code" in condition["message"]
    assert "last line" in condition["message"]
    assert installation.conditions("auraservice", "crashes")["Available"]["reason"] == "CrashLoopBackOff"


def test_an_image_that_does_not_exist_is_told(installation: Installation) -> None:
    installation.apply("AuraService", "imageless", ONE | {"image": "aura/nowhere:1"})

    def condition() -> dict[str, Any]:
        return installation.conditions("auraservice", "imageless").get("Degraded", {})

    installation.cluster.until(lambda: condition().get("reason") in ("ErrImagePull", "ImagePullBackOff"), 60)
    assert "aura/nowhere:1" in condition()["message"]


def test_a_secret_that_no_process_can_be_given_is_told(installation: Installation) -> None:
    """In the Secret of the database, which is not the operators' own."""
    about = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "timeseries-app"}}
    before = installation.get("secret", "timeseries-app")["data"]
    nul = base64.b64encode(b"postgresql://a\0b").decode()
    try:
        installation.cluster.apply({**about, "data": {"uri": nul}}, namespace="operators")
        installation.apply("AuraService", "holds-nul", ONE | {"needs": ["timeseries"]})
        condition = installation.until_reason("auraservice", "holds-nul", "Degraded", "CreateContainerConfigError")
        assert "container holds-nul: variable TIMESERIES_URL contains the character NUL" in condition["message"]
    finally:
        installation.cluster.apply({**about, "data": before}, namespace="operators")


def test_a_pod_that_fits_on_no_node_is_told(installation: Installation) -> None:
    resources = {"cpu": "10m", "memory": "900Gi"}
    installation.apply("AuraService", "huge", ONE | {"resources": resources})
    condition = installation.until_reason("auraservice", "huge", "Available", "Unschedulable")
    assert "Insufficient memory" in condition["message"]
