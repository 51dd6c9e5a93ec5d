"""Names of derived objects: different owners and specs give different names, and each fits its kind."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from contracts.names import LONGEST_NAME, NAME_PATTERN
from operators.auraservice.desired import desired
from operators.biostream import desired as biostream
from operators.kubernetes.manifest import Manifest, Owner
from tests.operators.samples import dependencies, service, stream, stream_dependencies

_WORDS = st.sampled_from(["a", "v1", "api", "eu", "x", "jwt", "limit", "5", "user", "environment", "state", "dataflow"])
_NAMES = st.one_of(
    st.lists(_WORDS, min_size=1, max_size=4)
    .map("-".join)
    .filter(lambda name: bool(re.match(NAME_PATTERN, name)) and len(name) <= LONGEST_NAME),
    st.just("a" * LONGEST_NAME),
    st.just("a" * (LONGEST_NAME - 2) + "-v"),
)
_HOSTS = st.one_of(
    st.lists(_WORDS, min_size=1, max_size=3).map(lambda words: ".".join([*words, "com"])),
    st.just(".".join(["h" * 63] * 3) + ".com"),
)
_PATHS = st.one_of(
    st.lists(st.one_of(_WORDS, st.sampled_from(["A", "v1-a", "v1.a", "v1_a", "~"])), max_size=4).map(
        lambda words: "/" + "/".join(words)
    ),
    st.sampled_from(["/" + "p" * 199, "/" + "p" * 198 + "q"]),
)
_ROUTES = st.lists(
    st.builds(
        lambda host, path, auth, limit: {
            "host": host,
            "path": path,
            "auth": auth,
            **({"rateLimit": {"perMinute": limit, "by": "ip"}} if limit else {}),
        },
        _HOSTS,
        _PATHS,
        st.sampled_from(["jwt", "none"]),
        st.sampled_from([0, 5, 1_000_000]),
    ),
    max_size=4,
    unique_by=lambda route: (route["host"], route["path"]),
)
_SERVICES = st.tuples(_NAMES, _ROUTES)
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


def objects(name: str, routes: list[dict[str, Any]]) -> list[Manifest]:
    spec = service(
        routes=routes,
        database={"instance": "auth", "name": "auth", "migrate": ["true"]},
        objectives={"latencyP99": "250ms", "availability": 99.9},
    )
    return desired(Owner("AuraService", "aura", name, f"uid-{name}"), spec, dependencies())


def of_stream(name: str) -> list[Manifest]:
    return biostream.desired(Owner("BioStream", "aura", name, f"stream-{name}"), stream(), stream_dependencies())


def identities(manifests: list[Manifest]) -> list[tuple[str, str]]:
    return [(one["kind"], one["metadata"]["name"]) for one in manifests]


def route(host: str, path: str) -> dict[str, Any]:
    return {"host": host, "path": path, "auth": "jwt"}


@given(_SERVICES, _SERVICES)
@example(("a", [route("api.com", "/v1"), route("api.eu.com", "/v1")]), ("a-api", [route("v1.com", "/")]))
@example(("a", [route("x.com", "/A"), route("x.com", "/a"), route("x.com", "/a-b"), route("x.com", "/a/b")]), ("b", []))
def test_objects_of_two_services_never_share_a_name(one: tuple[str, Any], other: tuple[str, Any]) -> None:
    first, second = identities(objects(*one)), identities(objects(*other))
    assert len(set(first)) == len(first)
    if one[0] != other[0]:
        assert not set(first) & set(second)


@given(_SERVICES, _NAMES)
def test_objects_of_a_service_and_a_stream_share_one_only_if_they_have_one_name(
    one: tuple[str, Any], stream: str
) -> None:
    shared = {name for _, name in set(identities(objects(*one))) & set(identities(of_stream(stream)))}
    assert shared <= ({stream} if one[0] == stream else set())


@given(_SERVICES)
def test_every_name_fits_its_kind(one: tuple[str, Any]) -> None:
    for manifest in objects(*one) + of_stream(one[0]):
        assert re.fullmatch(_LABEL, manifest["metadata"]["name"]), manifest["metadata"]["name"]
        for pod in [manifest["spec"]["template"]["spec"]] if manifest["kind"] == "Deployment" else []:
            containers = [container["name"] for container in pod["containers"] + pod.get("initContainers", [])]
            assert len(set(containers)) == len(containers)
            assert all(re.fullmatch(_LABEL, name) for name in containers)
        groups = manifest["spec"]["groups"] if manifest["kind"] == "PrometheusRule" else []
        alerts = [(group["name"], rule["alert"]) for group in groups for rule in group["rules"]]
        assert len(set(alerts)) == len(alerts)
        # "-<10 of the ReplicaSet>-<5 of the Pod>" after the Deployment's
        if manifest["kind"] == "Deployment":
            assert len(manifest["metadata"]["name"]) + 17 <= 63


def test_a_route_keeps_its_name_when_others_come_and_go() -> None:
    mine, other = route("api.aurawellness.com", "/v1/x"), route("api.aurawellness.com", "/v1/y")
    kept = [name for kind, name in identities(objects("a", [mine])) if kind == "HTTPRoute"]
    assert set(kept) < {name for _, name in identities(objects("a", [other, mine]))}
    assert kept[0].startswith("a-api-v1-x-")
