"""The Service proxy without processes: endpoints, configuration and runtime commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local.node.addons.endpoints import Endpoint, ServicePort, proxy_mode, service_endpoints
from local.node.addons.haproxy import SLOTS, Slots, configuration

API = Endpoint("127.10.0.10", 6443)
PORT = ServicePort("127.10.96.7", 80, "http")


def _pod(name: str, ready: bool = True, namespace: str = "aura", **meta: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "web"}, **meta},
        "spec": {"containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}]},
        "status": {
            "podIP": f"127.10.16.{len(name)}",
            "conditions": [{"type": "Ready", "status": str(ready)}],
        },
    }


def _service(**port: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": "aura"},
        "spec": {"clusterIP": "127.10.96.7", "selector": {"app": "web"}, "ports": [{"port": 80, **port}]},
    }


def test_only_ready_and_not_terminating_pods_of_the_namespace_take_requests() -> None:
    pods = [
        _pod("a"),
        _pod("bb", ready=False),
        _pod("ccc", deletionTimestamp="2025-01-01T00:00:00Z"),
        _pod("dddd", namespace="other"),
    ]
    result = service_endpoints([_service(name="http", targetPort="http")], pods, API)
    assert result == {PORT: frozenset({Endpoint("127.10.16.1", 8080)})}


def test_the_api_server_is_behind_its_service_and_headless_services_have_none() -> None:
    kubernetes = {
        "metadata": {"name": "kubernetes", "namespace": "default"},
        "spec": {"clusterIP": "127.10.96.1", "ports": [{"name": "https", "port": 443}]},
    }
    headless = _service() | {"spec": {"clusterIP": "None", "ports": [{"port": 80}]}}
    assert service_endpoints([kubernetes, headless], [], API) == {
        ServicePort("127.10.96.1", 443, "tcp"): frozenset({API})
    }


def test_only_declared_ports_are_http() -> None:
    assert [proxy_mode({"name": name}) for name in ("http", "http-admin", "grpc", "postgres", "https")] == [
        *("http", "http"),
        *("tcp", "tcp", "tcp"),
    ]
    assert proxy_mode({"name": "api", "appProtocol": "http"}) == "http"


_ENDPOINTS = st.frozensets(st.integers(1, 250).map(lambda n: Endpoint(f"127.10.16.{n}", 8080)), max_size=SLOTS)


@given(st.lists(_ENDPOINTS, min_size=1, max_size=6))
def test_commands_lead_to_exactly_the_desired_servers(history: list[frozenset[Endpoint]]) -> None:
    slots, servers = Slots(), {}
    for desired in history:
        before = dict(servers)
        _apply(servers, slots.update({PORT: desired}))
        assert set(servers.values()) == desired
        kept = {slot: server for slot, server in before.items() if server in desired}
        assert kept.items() <= servers.items()  # a remaining endpoint keeps its slot
        assert slots.update({PORT: desired}) == []
        assert _configured(configuration([PORT], slots, Path("/s"), 10)) == servers


def _apply(servers: dict[int, Endpoint], commands: list[str]) -> None:
    """Applies the commands as HAProxy's runtime API does."""
    addresses: dict[int, Endpoint] = {}
    for line in commands:
        slot = int(line.split("/s")[1].split()[0])
        if " addr " in line:
            assert slot not in servers, "the address of a server in use is never changed"
            words = line.split()
            addresses[slot] = Endpoint(words[words.index("addr") + 1], int(words[-1]))
        elif line.endswith("ready"):
            servers[slot] = addresses[slot]
        else:
            del servers[slot]


def _configured(text: str) -> dict[int, Endpoint]:
    found = re.findall(r"^ server s(\d+) ([\d.]+):(\d+)$", text, re.MULTILINE)
    return {int(slot): Endpoint(address, int(port)) for slot, address, port in found}
