"""What is written in `env` and `migrate` is what the process sees, and no variable is set twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts import variables
from contracts.auraservice import AuraServiceSpec
from local.node.pod.environment import Reference, Sources, environment_variables, expand
from operators.auraservice.desired import desired
from operators.auraservice.workload import secret_name
from operators.kubernetes.manifest import Manifest
from tests.operators.samples import OWNER, SERVICE, dependencies, service
from tests.operators.test_auraservice_desired import only

_NAMES = st.sampled_from(
    [*variables.FIXED, *variables.AWS_SDK, "DATABASE_URL", "TIMESERIES_URL", "TIMESERIES_CA_FILE", "AUTH_SERVICE_HOST",
     "AUTH_SERVICE_PORT", "GRPC_PORT", "A_B_SERVICE_PORT", "KAFKA_SERVICE_HOST", "SIGNING_KEY", "LOG_LEVEL"]
)  # fmt: skip
_SPECS = st.builds(
    lambda env, secrets, ports, needs, database: (
        SERVICE
        | {
            "env": env,
            "secrets": secrets,
            "ports": {"http": 8080} | {name: 8081 + number for number, name in enumerate(ports)},
            "needs": needs,
            "database": database,
        }
    ),
    st.dictionaries(_NAMES, st.just("plain"), max_size=2),
    st.dictionaries(_NAMES, st.just("auth/signing-key"), max_size=2),
    st.lists(st.sampled_from(["grpc", "auth-service", "a-b-service", "kafka-service"]), max_size=2, unique=True),
    st.lists(st.sampled_from(["auth", "a-b", "kafka", "redis", "timeseries", "aws"]), max_size=3),
    st.sampled_from([None, {"instance": "auth", "name": "auth", "migrate": ["true"]}]),
)
_TEXT = st.text("$()PA_IOD xé", max_size=12)


def template(spec: AuraServiceSpec) -> Manifest:
    services = {need: dependencies().services["auth"] for need in spec.needs if need in ("auth", "a-b")}
    values = dict.fromkeys([*spec.secrets, *(["DATABASE_URL"] if spec.database else [])], "secret")
    objects = desired(OWNER, spec, dependencies(services=services, secrets=values))
    return only(objects, "Deployment")["spec"]["template"]["spec"]


@given(_SPECS)
def test_no_accepted_service_sets_a_variable_twice(written: dict[str, Any]) -> None:
    try:
        spec = AuraServiceSpec.model_validate(written)
    except ValidationError:
        return
    pod = template(spec)
    for container in pod["containers"] + pod.get("initContainers", []):
        names = [one["name"] for one in container["env"]]
        stored = [*spec.secrets, *(["DATABASE_URL"] if spec.database else [])]
        platform = [name for name in variables.FIXED if name not in names]  # those of the ConfigMap
        platform += variables.AWS_SDK if "aws" in spec.needs else []  # those of the webhook
        everything = names + stored + platform
        assert len(set(everything)) == len(everything)
        assert set(names) - set(spec.env) <= set(variables.platform_sets(spec.ports, spec.needs, True))


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"env": {"HOST": "x"}}, "HOST"),
        ({"env": {"POD_IP": "x", "POD_NAME": "x"}}, "POD_IP"),
        ({"secrets": {"PORT": "a/b"}}, "PORT"),
        ({"env": {"REDIS_URL": "x"}}, "REDIS_URL"),
        ({"env": {"KEY": "x"}, "secrets": {"KEY": "a/b"}}, "KEY"),
        ({"env": {"DATABASE_URL": "x"}, "database": {"instance": "a", "name": "a"}}, "DATABASE_URL"),
        ({"secrets": {"DATABASE_URL": "x"}, "database": {"instance": "a", "name": "a"}}, "DATABASE_URL"),
        ({"env": {"TIMESERIES_URL": "x"}, "needs": ["timeseries"]}, "TIMESERIES_URL"),
        *(({"env": {name: "x"}, "needs": ["aws"]}, name) for name in variables.AWS_SDK),
        ({"env": {"AUTH_SERVICE_HOST": "x"}, "needs": ["auth"]}, "AUTH_SERVICE_HOST"),
        ({"env": {"A_B_PORT": "1"}, "ports": {"http": 8080, "a-b": 8081}}, "A_B_PORT"),
        ({"ports": {"http": 8080, "auth-service": 8081}, "needs": ["auth"]}, "AUTH_SERVICE_PORT"),
        ({"needs": ["auth", "redis", "auth"]}, "auth"),
        ({"ports": {"http": 8080, "grpc": 8080}}, "two have one: "),
    ],
)
def test_a_stored_service_that_is_no_longer_accepted_is_refused_by_name(members: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        service(**members)


@given(_TEXT)
def test_a_process_sees_what_is_written(text: str) -> None:
    database = {"instance": "auth", "name": "auth", "migrate": ["sh", "-c", text]}
    pod = template(service(env={"WRITTEN": text}, database=database))
    (container,), (migration,) = pod["containers"], pod["initContainers"]
    data = {Reference("configmaps", "aura-platform"): {}, Reference("secrets", secret_name(OWNER)): {}}
    about = {"metadata": {"namespace": "aura", "name": "ingest-1"}, "spec": pod}
    seen = environment_variables(about, container, {"status.podIP": "10.0.0.1"}, Sources(data), {})
    assert seen["WRITTEN"] == text
    assert seen["HOST"] == "10.0.0.1"
    assert [expand(word, seen) for word in migration["command"]] == ["sh", "-c", text]
