"""Specs and dependencies for the operators' tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from contracts.auraservice import AuraServiceSpec
from contracts.biostream import BioStreamSpec
from contracts.connections import KafkaVariables
from operators.auraservice.dependencies import Dependencies
from operators.biostream.desired import Dependencies as StreamDependencies
from operators.biostream.scaling import Scale
from operators.kubernetes.kinds import OWNED
from operators.kubernetes.manifest import Owner
from operators.kubernetes.services import Address

OWNER = Owner("AuraService", "aura", "ingest", "11111111-2222-3333-4444-555555555555")
EVERYTHING = frozenset((kind.api_version, kind.name) for kind in OWNED)
SERVICE: dict[str, Any] = {
    "image": "aura/ingest:1",
    "ports": {"http": 8080},
    "replicas": {"min": 2, "max": 4},
    "placement": "spot",
}
STREAM: dict[str, Any] = {
    "source": {"topic": "raw", "partitions": 4, "retention": "24h"},
    "deadLetter": {"topic": "dead", "retention": "7d"},
    "dataflow": {"image": "aura/biosync:1"},
    "sink": {"database": "timeseries"},
    "response": {"service": "recommend", "path": "/v1/stress-events"},
}


def service(**members: Any) -> AuraServiceSpec:
    return AuraServiceSpec.model_validate(SERVICE | members)


def stream(**members: Any) -> BioStreamSpec:
    return BioStreamSpec.model_validate(STREAM | members)


def dependencies(**members: Any) -> Dependencies:
    known: dict[str, Any] = {
        "config": {"REDIS_URL": "redis://10.0.0.9:6379/0", "KAFKA_BOOTSTRAP": "10.0.0.8:9092"},
        "services": {"auth": Address("10.1.0.1", 8080)},
        "timeseries": "v1",
        "secrets": {"KEY": "value"},
        "served": EVERYTHING,
    }
    return Dependencies(**(known | members))


def stream_dependencies(**members: Any) -> StreamDependencies:
    known: dict[str, Any] = {
        "kafka": KafkaVariables(kafka_bootstrap="10.0.0.8:9092"),
        "response": "10.1.0.1:8080",
        "webhook_secret": "secret",
        "timeseries": "v1",
        "scale": Scale(1, datetime(2026, 1, 1, tzinfo=UTC)),
    }
    return StreamDependencies(**(known | members))


_ROUTES = st.builds(
    lambda host, path, auth, limit, body: {
        "host": f"{host}.aurawellness.com",
        "path": path,
        "auth": auth,
        **({"rateLimit": {"perMinute": limit, "by": "user" if auth == "jwt" else "ip"}} if limit else {}),
        **({"maxBody": body} if body else {}),
    },
    st.sampled_from(["api", "stream"]),
    st.sampled_from(["/", "/v1/a", "/v1-a", "/.well-known/jwks.json", "/v1/A"]),
    st.sampled_from(["jwt", "none"]),
    st.sampled_from([0, 10, 1000]),
    st.sampled_from(["", "64Ki", "1Mi", "8Mi"]),
)
SERVICES = st.builds(
    lambda least, more, placement, routes, needs, env: service(
        replicas={"min": least, "max": least + more, "passive": 0},
        placement=placement,
        routes=routes,
        needs=needs,
        env=env,
        objectives={"latencyP99": "250ms", "availability": 99.9},
    ),
    st.integers(1, 5),
    st.integers(0, 5),
    st.sampled_from(["spot", "on-demand"]),
    st.lists(_ROUTES, max_size=4, unique_by=lambda route: (route["host"], route["path"])),
    st.lists(st.sampled_from(["auth", "kafka", "redis", "timeseries"]), unique=True),
    st.dictionaries(st.sampled_from(["A", "B", "MY_PORT"]), st.text("xyz", max_size=5)),
)
