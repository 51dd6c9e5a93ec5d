"""One case a rule of the schemas, with accepted neighbours: what the API server says, and that the models agree."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from contracts import variables
from contracts.auraservice import AuraServiceSpec
from contracts.biostream import BioStreamSpec
from contracts.platform import SERVICE_TOPICS
from contracts.resource import API_VERSION
from tests.contracts.test_image import NOT_REFERENCES, REFERENCES
from tests.fixtures.cluster import Cluster
from tests.operators.samples import SERVICE, STREAM
from tests.operators.test_refusals import changed

pytestmark = pytest.mark.integration
_SPECS = {"AuraService": AuraServiceSpec, "BioStream": BioStreamSpec}
_ROUTE = {"host": "api.aurawellness.com", "path": "/v1/x", "auth": "jwt"}
_DATABASE = {"instance": "auth", "name": "auth"}
_LABEL = "a" * 63


def service(**members: Any) -> dict[str, Any]:
    return SERVICE | members


def routes(*members: dict[str, Any]) -> dict[str, Any]:
    return service(routes=[_ROUTE | one for one in members])


REFUSED_SERVICES: list[tuple[dict[str, Any], str, str]] = [
    *(
        (service(env={name: "x"}), "spec.env", name)
        for name in ["HOST", "PORT", "POD_IP", "POD_NAME", "AWS_REGION", "KAFKA_BOOTSTRAP", "REDIS_URL", "TOKEN_ISSUER"]
    ),
    (service(env={"HOST": "x", "A": "x", "POD_IP": "x"}), "spec.env", "HOST"),
    (service(secrets={"PORT": "a/b"}), "spec.secrets", "PORT"),
    (service(env={"KEY": "x"}, secrets={"KEY": "auth/signing-key"}), "spec.env", "KEY"),
    (service(tokenKeys=["KEY"]), "spec.tokenKeys", "KEY"),
    (service(tokenKeys=["KEY", "KEY"], secrets={"KEY": "auth/signing-key"}), "spec.tokenKeys[1]", "Duplicate"),
    (service(idleTimeout="60s"), "spec.idleTimeout", "no route leads here"),
    (routes({}) | {"idleTimeout": "2h"}, "spec.idleTimeout", "must be 1s to 1h"),
    *(
        (service(secrets={"KEY": name}), "spec.secrets[KEY]", "the platform's")
        for name in [
            "rds/auth",
            "rds/auth#password",
            "redis/password",
            "kafka/password",
            "opensearch/login",
            "AmazonMSK_s",
        ]
    ),
    (service(secrets={"KEY": "aura/prod/auth/signing-key"}), "spec.secrets[KEY]", "leave out aura/<stack>/"),
    *((service(secrets={"KEY": name}), "spec.secrets[KEY]", "<owner>/<name>") for name in ["key", "/key", "key/"]),
    (service(env={"DATABASE_URL": "x"}, database=_DATABASE), "spec.env", "DATABASE_URL"),
    (service(secrets={"DATABASE_URL": "a/b"}, database=_DATABASE), "spec.secrets", "DATABASE_URL"),
    (service(env={"TIMESERIES_URL": "x"}, needs=["timeseries"]), "spec.env", "TIMESERIES_URL"),
    (service(secrets={"TIMESERIES_URL": "a/b"}, needs=["timeseries"]), "spec.secrets", "TIMESERIES_URL"),
    (service(env={"TIMESERIES_CA_FILE": "x"}, needs=["timeseries"]), "spec.env", "TIMESERIES_CA_FILE"),
    *((service(env={name: "x"}, needs=["aws"]), "spec.env", name) for name in variables.AWS_SDK),
    *((service(secrets={name: "a/b"}, needs=["aws"]), "spec.secrets", name) for name in variables.AWS_SDK),
    (service(env={"AUTH_V2_SERVICE_HOST": "x"}, needs=["auth-v2"]), "spec.env", "AUTH_V2_SERVICE_HOST"),
    (service(env={"AUTH_SERVICE_PORT": "x"}, needs=["auth"]), "spec.env", "AUTH_SERVICE_PORT"),
    (service(env={"MY_GRPC_PORT": "x"}, ports={"http": 8080, "my-grpc": 9090}), "spec.env", "MY_GRPC_PORT"),
    (service(needs=["auth"], ports={"http": 8080, "auth-service": 9090}), "spec.ports", "AUTH_SERVICE_PORT"),
    (service(needs=["auth", "redis", "auth"]), "spec.needs[2]", "Duplicate"),
    (service(needs=["a" * 51]), "spec.needs[0]", "50"),
    (service(ports={"http": 8080, "grpc": 8080}), "spec.ports", "two have one: "),
    (service(ports={"http": 8080, "a--b": 9090}), "spec.ports", "names must match"),
    (service(ports={"http": 8080, "a" * 16: 9090}), "spec.ports", "15"),
    (routes({"auth": "jwt"}, {"auth": "none"}), "spec.routes[1]", "Duplicate"),
    (routes({"path": "/v1/x/"}), "spec.routes[0].path", "is no path"),
    (routes({"path": "/v1//x"}), "spec.routes[0].path", "is no path"),
    (routes({"path": "/v1/../x"}), "spec.routes[0].path", "is no path"),
    (routes({"path": "/v1/."}), "spec.routes[0].path", "is no path"),
    (routes({"path": "/v1/%78"}), "spec.routes[0].path", "is no path"),
    (routes({"path": "/" + "a" * 200}), "spec.routes[0].path", "200"),
    (routes({"host": "API.aurawellness.com"}), "spec.routes[0].host", "is no host name"),
    (routes({"host": "api.aurawellness.com."}), "spec.routes[0].host", "is no host name"),
    (routes({"host": "*.aurawellness.com"}), "spec.routes[0].host", "is no host name"),
    (routes({"host": "10.0.0.1"}), "spec.routes[0].host", "is no host name"),
    (routes({"host": f"{_LABEL}a.com"}), "spec.routes[0].host", "is no host name"),
    (routes({"host": ".".join([_LABEL] * 4) + ".com"}), "spec.routes[0].host", "253"),
    *(
        (routes({"origins": [origin]}), "spec.routes[0].origins[0]", "is no origin")
        for origin in [
            *("https://app.example.com:443", "http://app.example.com:80", "https://a.b:65536", "https://a.b:99999"),
            *("https://app..example.com", "https://app.example.com.", "https://10.0.0.1", "ftp://a.b", "https://A.b"),
        ]
    ),
    *(
        (routes({"maxBody": size}), "spec.routes[0].maxBody", "is no size of a body")
        for size in ["0Mi", "100Mi", "100000Ki", "1Gi", "1M", "1048576", ""]
    ),
    (service(env={"KUBERNETES_SERVICE_HOST": "x"}), "spec.env", "of the kubelet: KUBERNETES_SERVICE_HOST"),
    (service(secrets={"KUBERNETES_X": "a/b"}), "spec.secrets", "of the kubelet: KUBERNETES_X"),
    (service(ports={"http": 8080, "kubernetes": 9090}), "spec.ports", "of the kubelet"),
    (service(needs=["kubernetes"]), "spec.needs", "every Pod has the address of the API server"),
    (service(env={"A": "a\0b"}), "spec.env.A", ""),
    (service(env={"A": "x" * 4097}), "spec.env.A", "4096"),
    (service(env={f"A{number}": "x" for number in range(101)}), "spec.env", "100"),
    *(
        (service(database=_DATABASE | {"name": name}), "spec.database.name", "keeps this name to itself")
        for name in ["postgres", "template0", "template1", "rdsadmin", "pg_catalog", "public", "none"]
    ),
    (service(resources={"cpu": "100"}), "spec.resources.cpu", ""),
    (service(resources={"memory": "1000Gi"}), "spec.resources.memory", ""),
    (service(objectives={"latencyP99": "11m"}), "spec.objectives.latencyP99", "1ms to 10m"),
    *((service(image=image), "spec.image", "image") for image in NOT_REFERENCES),
]
ACCEPTED_SERVICES: list[dict[str, Any]] = [
    service(env={"HOSTNAME": "x", "HOST_NAME": "x", "MY_PORT": "x", "LOG_LEVEL": "debug"}),
    service(env={"A": "p$$w", "B": "x$(POD_IP)y", "C": "two\nlines", "D": "x" * 4096, "E": "🫀"}),
    service(env={f"A{number}": "x" for number in range(100)}),
    service(
        env={
            "DATABASE_URL": "x",
            "TIMESERIES_URL": "x",
            "TIMESERIES_CA_FILE": "x",
            "AUTH_SERVICE_HOST": "x",
            "GRPC_PORT": "1",
        }
    ),
    service(secrets={"DATABASE_URL": "a/b"}, env={"KEY": "x"}),
    service(env=dict.fromkeys(variables.AWS_SDK, "x"), needs=["kafka"]),
    service(env={"KAFKA_SERVICE_HOST": "x"}, needs=["kafka", "redis", "timeseries"]),
    service(secrets={"KEY": "a/b"}, env={"KEY_ID": "x"}, database=_DATABASE, needs=["timeseries", "auth"]),
    service(needs=[f"service-{number}" for number in range(32)]),
    service(needs=["kafka"], ports={"http": 8080, "kafka-service": 9090}),
    service(ports={f"p{number}": 9000 + number for number in range(9)} | {"http": 8080}),
    service(ports={"http": 8080, "a-b-c": 9090}),
    *(
        routes({"origins": [origin]})
        for origin in ("https://app.example.com", "http://localhost:3000", "https://a.b:80", "http://a.b:65535")
    ),
    service(env={"KUBERNETESX": "x"}, ports={"http": 8080, "kubernetes-2": 9090}, needs=["kubernetes-2"]),
    routes({}, {"host": "api.eu.aurawellness.com"}, {"path": "/v1/X", "auth": "none"}, {"path": "/"}),
    routes({"path": "/.well-known/jwks.json"}, {"path": "/v1/..."}, {"path": "/v1/.x/x..y"}, {"path": "/" + "a" * 199}),
    routes({"host": f"{_LABEL}.{_LABEL}.{_LABEL}.aurawellness.com"}, {"host": "1.2.3.example"}),
    routes(*({"path": f"/v1/{number}"} for number in range(32))),
    *(
        service(database=_DATABASE | {"name": name})
        for name in ["postgres_app", "my_pg_data", "publications", "a" * 63]
    ),
    service(resources={"cpu": "99", "memory": "999Gi"}),
    service(resources={"cpu": "99999m", "memory": "999999Mi"}),
    *(service(objectives={"latencyP99": bound, "availability": 99.9}) for bound in ["1ms", "10m", "600s"]),
    *(service(image=image) for image in REFERENCES),
]
BOUNDS = {
    "source.retention": ("1m", "3650d"),
    "events.retention": ("1m", "3650d"),
    "deadLetter.retention": ("1m", "3650d"),
    "dataflow.targetLag": ("1s", "1h"),
    "stress.sustain": ("30s", "1h"),
    "stress.refractory": ("1s", "7d"),
    "sink.compressAfter": ("10m", "3650d"),
}
BELOW = {"1m": "59999ms", "1s": "999ms", "30s": "29999ms", "10m": "599s"}
ABOVE = {"3650d": "3651d", "1h": "3601s", "7d": "169h", "365d": "366d"}
REFUSED_STREAMS: list[tuple[dict[str, Any], str, str]] = [
    *(
        (changed(STREAM, path, value), f"spec.{path}", f"{least} to {most}")
        for path, (least, most) in BOUNDS.items()
        for value in (BELOW[least], ABOVE[most], "999999999d")
    ),
    (changed(STREAM, "sink.retention", "999999d"), "spec.sink.retention", "10m to 3650d"),
    (changed(STREAM, "sink.retention", "9m"), "spec.sink.retention", "10m to 3650d"),
    (changed(STREAM, "sink.chunk", "1ms"), "spec.sink.chunk", "10m to 365d"),
    (changed(STREAM, "sink", {"database": "x", "chunk": "366d", "retention": "3650d"}), "spec.sink.chunk", "365d"),
    (changed(STREAM, "sink", {"database": "x", "retention": "50000m", "chunk": "599999ms"}), "spec.sink.chunk", "10m"),
    (changed(STREAM, "hrv.window", "61m"), "spec.hrv.window", "30s to 1h"),
    (changed(STREAM, "hrv", {"window": "25s", "every": "5s"}), "spec.hrv.window", "30s to 1h"),
    (changed(STREAM, "hrv.every", "4s"), "spec.hrv.every", "5s to 1h"),
    (changed(STREAM, "cleanse.minRR", "199ms"), "spec.cleanse.minRR", "200ms to 5s"),
    (changed(STREAM, "cleanse.maxRR", "5001ms"), "spec.cleanse.maxRR", "200ms to 5s"),
    (changed(STREAM, "stress.threshold", 101), "spec.stress.threshold", "100"),
    (changed(STREAM, "source.partitions", 1001), "spec.source.partitions", "1000"),
    (changed(STREAM, "source.topic", "a" * 201), "spec.source.topic", "200"),
    *(
        (changed(STREAM, path, topic), f"spec.{path}", "services of the platform")
        for path in ("source.topic", "events.topic", "deadLetter.topic")
        for topic in SERVICE_TOPICS
    ),
    (
        changed(changed(STREAM, "source.topic", "a.b"), "deadLetter.topic", "a_b"),
        "spec.deadLetter.topic",
        "are the same",
    ),
    (changed(changed(STREAM, "source.topic", "a.b"), "events.topic", "a_b"), "spec.events.topic", "are the same"),
    *((changed(STREAM, "dataflow.image", image), "spec.dataflow.image", "image") for image in NOT_REFERENCES),
]
ACCEPTED_STREAMS: list[dict[str, Any]] = [
    *(changed(STREAM, path, value) for path, bounds in BOUNDS.items() for value in bounds),
    changed(STREAM, "sink", {"database": "x", "chunk": "10m", "retention": "10m"}),
    changed(STREAM, "sink", {"database": "x", "chunk": "365d", "retention": "3650d"}),
    changed(STREAM, "sink", {"database": "x", "chunk": "10m", "retention": "50000m"}),
    changed(STREAM, "hrv", {"window": "1h", "every": "1h"}),
    changed(STREAM, "hrv", {"window": "30s", "every": "5s"}),
    changed(STREAM, "cleanse", {"minRR": "200ms", "maxRR": "5s"}),
    changed(STREAM, "stress", {"threshold": 100, "heartRateRise": 100}),
    changed(changed(STREAM, "source.topic", "a.b"), "deadLetter.topic", "a.c"),
    changed(changed(STREAM, "source.topic", "user-events-2"), "deadLetter.topic", "user-event"),
    *(changed(STREAM, "dataflow.image", image) for image in REFERENCES),
]


def judge(cluster: Cluster, kind: str, specs: dict[str, dict[str, Any]]) -> dict[str, str]:
    """What the API server says to each of these resources by name; "" if it would create it."""
    resources = [
        {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
        for name, spec in specs.items()
    ]
    text = yaml.safe_dump_all(resources, allow_unicode=True)
    output = cluster.kubectl(
        "create", "--dry-run=server", "-n", "default", "-f", "-", stdin=text, check=False, seconds=120
    )
    said = dict.fromkeys(re.findall(r"/(\S+) created \(server dry run\)", output), "")
    for part in re.split(r"^(?=Error from server|The )", output, flags=re.MULTILINE):  # The: the only one
        if found := re.search(rf'{kind}\S* "([^"]+)" is invalid', part):
            said[found[1]] = part
    assert said.keys() == specs.keys(), output
    return said


def model_refuses(kind: str, spec: dict[str, Any]) -> bool:
    try:
        _SPECS[kind].model_validate(spec)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize(
    ("kind", "cases"), [("AuraService", REFUSED_SERVICES), ("BioStream", REFUSED_STREAMS)], ids=["services", "streams"]
)
def test_refused_by_name(definitions: Cluster, kind: str, cases: list[tuple[dict[str, Any], str, str]]) -> None:
    said = judge(definitions, kind, {f"n-{number}": spec for number, (spec, _, _) in enumerate(cases)})
    for number, (spec, field, words) in enumerate(cases):
        message = said[f"n-{number}"]
        assert f"{field}: " in message and words in message, (spec, message)
        assert model_refuses(kind, spec), spec


@pytest.mark.parametrize(
    ("kind", "specs"),
    [("AuraService", ACCEPTED_SERVICES), ("BioStream", ACCEPTED_STREAMS)],
    ids=["services", "streams"],
)
def test_neighbours_are_accepted(definitions: Cluster, kind: str, specs: list[dict[str, Any]]) -> None:
    said = judge(definitions, kind, {f"n-{number}": spec for number, spec in enumerate(specs)})
    assert {name: message for name, message in said.items() if message} == {}
    assert [spec for spec in specs if model_refuses(kind, spec)] == []


def test_the_api_server_and_the_models_agree_on_variables(definitions: Cluster) -> None:
    names = [
        *variables.FIXED,
        *variables.AWS_SDK,
        "DATABASE_URL",
        "TIMESERIES_URL",
        "TIMESERIES_CA_FILE",
        "AUTH_SERVICE_HOST",
        "AUTH_SERVICE_PORT",
        "GRPC_PORT",
    ]
    contexts: list[dict[str, Any]] = [
        {},
        {"needs": ["auth", "kafka", "aws"]},
        {"needs": ["timeseries", "auth-grpc"], "ports": {"http": 8080, "grpc": 9090}},
        {"needs": ["auth"], "database": _DATABASE, "ports": {"http": 8080, "auth-service": 9090}},
    ]
    written = [
        service(**context, **{where: {name: "a/b"}})
        for name in [*names, "KAFKA_SERVICE_HOST", "SIGNING_KEY"]
        for where in ("env", "secrets")
        for context in contexts
    ]
    said = judge(definitions, "AuraService", {f"n-{number}": spec for number, spec in enumerate(written)})
    refused = [bool(said[f"n-{number}"]) for number in range(len(written))]
    assert set(refused) == {True, False}
    assert [spec for spec, no in zip(written, refused, strict=True) if no != model_refuses("AuraService", spec)] == []


def test_duplicates_are_refused_by_name_in_a_server_side_apply(definitions: Cluster) -> None:
    for spec, words in [
        (service(needs=["auth", "auth"]), "auth"),
        (routes({"auth": "jwt"}, {"auth": "none"}), "/v1/x"),
    ]:
        about = {"apiVersion": API_VERSION, "kind": "AuraService", "metadata": {"name": "applied"}}
        output = definitions.kubectl(
            *("apply", "--server-side", "--dry-run=server", "-n", "default", "-f", "-"),
            stdin=yaml.safe_dump({**about, "spec": spec}),
            check=False,
        )
        assert "uplicate" in output and words in output
