"""Objects compiled to a plan and conditions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.gateway.certificate import IssuedCertificate, issue
from local.gateway.haproxy.render import ProxySettings, Unquotable, quoted, render
from local.gateway.objects import GatewayClass, Object, Service
from local.gateway.routing.plan import Compiled
from local.gateway.routing.plugins import Policy
from local.site import Site
from tests.gateway import objects


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> IssuedCertificate:
    return issue(Site(Path(tmp_path_factory.mktemp("site"))), ["*.aurawellness.com"])


@pytest.fixture
def compiled(issued: IssuedCertificate) -> Any:
    def make(*items: Object, **gateway: Any) -> Compiled:
        base = (objects.gateway_class(), objects.gateway(**gateway), objects.secret(issued), objects.service())
        return objects.compile_objects(objects.cache(*base, objects.proxy_service(), *objects.plugins(), *items))

    return make


def conditions(compiled: Compiled, name: str = "mine") -> dict[str, tuple[bool, str]]:
    return {item.type: (item.status, item.reason) for item in compiled.routes[("aura", name)][0]}


def message(compiled: Compiled, name: str = "mine") -> str:
    return compiled.routes[("aura", name)][0][0].message


def test_a_route_becomes_a_match_and_a_backend_with_its_policy(compiled: Any) -> None:
    result = compiled(objects.route("mine", "/v1/mine", plugins="user, token,limit"))
    (frontend,), (backend,) = result.plan.frontends, result.plan.backends
    assert (frontend.port, frontend.certificates) == (objects.PORT, (("aura", "gateway-tls"),))
    (match,) = frontend.matches
    assert (match.host, match.path_type, match.path, match.backend) == (
        objects.HOST, "PathPrefix", "/v1/mine", backend.name,
    )  # fmt: skip
    assert backend.policy == Policy(True, True, 1000, "X-User-Id")
    assert conditions(result) == {"Accepted": (True, "Accepted"), "ResolvedRefs": (True, "ResolvedRefs")}


def test_the_more_specific_match_comes_first(compiled: Any) -> None:
    result = compiled(
        objects.route("any-host", "/v1/users/me", host="*.aurawellness.com", kind="Exact"),
        objects.route("short", "/v1"),
        objects.route("exact", "/v1/users", kind="Exact"),
        objects.route("long", "/v1/users"),
        objects.route("root", "/"),
    )
    (frontend,) = result.plan.frontends
    assert [match.backend for match in frontend.matches] == [
        f"aura.{name}.0" for name in ("exact", "long", "short", "root", "any-host")
    ]


UNSUPPORTED = {
    "a missing plugin": (objects.route("mine", "/", plugins="token,missing"), "missing does not exist"),
    "a filter": (objects.route("mine", "/", filters=[{"type": "URLRewrite"}]), "filters"),
    "a header match": (objects.route("mine", "/", matches=[{"headers": [{"name": "x", "value": "y"}]}]), "headers"),
    "a regular expression": (objects.route("mine", "/", kind="RegularExpression"), "path.type"),
    "two services": (
        objects.route("mine", "/", backendRefs=[{"name": name, "port": 8080} for name in ("echo", "two")]),
        "backendRefs",
    ),
    "a path over two lines": (objects.route("mine", "/x\n  server evil 1.2.3.4:80"), "path.value"),
    "a limit by a header that clients set": (objects.route("mine", "/", plugins="limit"), "X-User-Id"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_an_unsupported_route_is_not_served_and_not_accepted(compiled: Any, name: str) -> None:
    route, expected = UNSUPPORTED[name]
    result = compiled(route)
    assert conditions(result) == {"Accepted": (False, "UnsupportedValue")}
    assert expected in message(result)
    assert result.plan.backends == ()
    assert result.plan.frontends[0].matches == ()


@pytest.mark.parametrize(
    ("plugin", "expected"),
    [
        (objects.plugin("odd", "ip-restriction", allow=["10.0.0.0/8"]), "ip-restriction is not implemented"),
        (objects.plugin("odd", "pre-function", access=["kong.log('x')"]), "Lua"),
        (objects.plugin("odd", "rate-limiting", hour=5, limit_by="ip"), "minute"),
        (objects.plugin("odd", "rate-limiting", minute=5, limit_by="consumer"), "limit_by"),
        (objects.plugin("odd", "rate-limiting", minute=5, limit_by="header"), "header_name"),
        (objects.plugin("odd", "jwt", anonymous="somebody"), "anonymous"),
        (objects.plugin("odd", "jwt", cookie_names=["session"]), "cookie_names"),
        (objects.plugin("odd", "correlation-id", header_name="X-Other", echo_downstream=True), "header_name"),
    ],
)
def test_an_unsupported_plugin_makes_the_route_not_accepted(compiled: Any, plugin: Object, expected: str) -> None:
    result = compiled(objects.route("mine", "/", plugins="odd"), plugin)
    assert conditions(result) == {"Accepted": (False, "UnsupportedValue")}
    assert expected in message(result)


LIMIT = {"minute": 5, "limit_by": "ip", "policy": "redis", "redis": {"host": "cache", "password": "p4ss"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "does not exist or has no key limit"),
        ('"p4ss"', "limit is no JSON object"),
        ("p4ss", "limit is no JSON object"),
        (json.dumps(LIMIT | {"minute": "p4ss"}), "minute"),
    ],
)
def test_a_route_with_an_invalid_rate_limiting_configuration_is_not_accepted(
    compiled: Any, text: str | None, expected: str
) -> None:
    there = [] if text is None else [objects.secret_of("limits", limit=text)]
    plugin = objects.plugin_from("by-ip", "rate-limiting", "limits", "limit")
    result = compiled(objects.route("mine", "/", plugins="by-ip"), plugin, *there)
    assert conditions(result) == {"Accepted": (False, "UnsupportedValue")}
    assert expected in message(result)
    assert "p4ss" not in message(result)


def test_a_limit_is_read_from_its_secret(compiled: Any) -> None:
    plugin = objects.plugin_from("by-ip", "rate-limiting", "limits", "limit")
    secret = objects.secret_of("limits", limit=json.dumps(LIMIT))
    result = compiled(objects.route("mine", "/", plugins="by-ip"), plugin, secret)
    assert result.plan.backends[0].policy == Policy(per_minute=5)


@pytest.mark.parametrize("config", [LIMIT, {}])
def test_a_plugin_has_one_configuration(compiled: Any, config: dict[str, Any]) -> None:
    plugin = objects.plugin_from("by-ip", "rate-limiting", "limits", "limit", config=config)
    secret = objects.secret_of("limits", limit=json.dumps(LIMIT))
    result = compiled(plugin, secret, objects.route("mine", "/", plugins="by-ip"))
    assert conditions(result)["Accepted"] == (False, "UnsupportedValue")
    assert "both config and configFrom" in message(result)


def test_a_disabled_plugin_needs_no_secret(compiled: Any) -> None:
    plugin = objects.plugin_from("by-ip", "rate-limiting", "limits", "limit", disabled=True)
    result = compiled(plugin, objects.route("mine", "/", plugins="by-ip"))
    assert conditions(result)["Accepted"] == (True, "Accepted")


def test_the_operators_plugins_are_supported(compiled: Any) -> None:
    trace = objects.plugin("trace", "correlation-id", header_name="X-Trace-Id", generator="uuid", echo_downstream=True)
    redis = {"host": "127.10.0.9", "port": 6379, "ssl": False}
    limit = objects.plugin("by-ip", "rate-limiting", minute=5, limit_by="ip", policy="redis", redis=redis)
    result = compiled(objects.route("mine", "/", plugins="trace,by-ip"), trace, limit)
    assert result.plan.backends[0].policy == Policy(per_minute=5)


@pytest.mark.parametrize(
    ("plugin", "config", "field"),
    [
        ("request-size-limiting", {"allowed_payload_size": 1}, "size_unit"),
        ("request-size-limiting", {"allowed_payload_size": 0, "size_unit": "bytes"}, "allowed_payload_size"),
        ("response-transformer", {"add": {"headers": ["X-Frame-Options"]}}, "add.headers.0"),
        ("response-transformer", {"add": {"headers": ["X-A:1\n2"]}}, "add.headers.0"),
        ("response-transformer", {"remove": {"headers": ["Server"]}}, "remove"),
    ],
)
def test_a_setting_that_is_not_implemented_makes_the_route_not_accepted(
    compiled: Any, plugin: str, config: dict[str, Any], field: str
) -> None:
    result = compiled(objects.route("mine", "/", plugins="one"), objects.plugin("one", plugin, **config))
    assert conditions(result)["Accepted"] == (False, "UnsupportedValue")
    assert field in message(result)


def test_an_unknown_kong_annotation_makes_the_route_not_accepted(compiled: Any) -> None:
    route = objects.route("mine", "/")
    route.metadata.annotations["konghq.com/methods"] = "GET"
    assert "konghq.com/methods" in message(compiled(route))


def test_a_missing_service_is_served_as_unavailable_and_reported(compiled: Any) -> None:
    result = compiled(objects.route("mine", "/", service="nobody"))
    assert conditions(result)["ResolvedRefs"] == (False, "BackendNotFound")
    assert len(result.plan.backends) == 1


def test_a_host_of_no_listener_is_not_accepted(compiled: Any) -> None:
    result = compiled(objects.route("mine", "/", host="api.example.com"))
    assert conditions(result) == {"Accepted": (False, "NoMatchingListenerHostname")}


@pytest.mark.parametrize("listener", [{"protocol": "HTTP"}, {"tls": None}, {"tls": {"mode": "Passthrough"}}])
def test_a_listener_without_tls_is_not_served(compiled: Any, listener: dict[str, Any]) -> None:
    result = compiled(objects.route("mine", "/"), **listener)
    assert result.plan.frontends == ()
    assert conditions(result) == {"Accepted": (False, "NoMatchingParent")}


@pytest.mark.parametrize(
    "proxy",
    [(), (objects.proxy_service(443),), (objects.proxy_service(name="kong-proxy"),)],
    ids=["none", "443", "http"],
)
def test_a_listener_needs_a_tls_port_of_the_gateways_service(
    issued: IssuedCertificate, proxy: tuple[Service, ...]
) -> None:
    """That the gateway's Pods listen there does not count."""
    base = (objects.gateway_class(), objects.gateway(), objects.secret(issued), objects.service())
    result = objects.compile_objects(objects.cache(*base, *proxy, objects.route("mine", "/")))
    (listener,) = result.listeners[("aura", "aura")]
    assert (listener.conditions[0].status, listener.conditions[0].reason) == (False, "PortUnavailable")
    assert conditions(result) == {"Accepted": (False, "NoMatchingParent")}


@pytest.mark.parametrize(("annotation", "expected"), [("", 60_000), ("330000", 330_000), ("5m", 60_000), ("0", 60_000)])
def test_the_read_timeout_is_that_of_the_service_or_of_kong(compiled: Any, annotation: str, expected: int) -> None:
    annotated = objects.service(annotations={"konghq.com/read-timeout": annotation})
    assert compiled(annotated, objects.route("mine", "/")).plan.backends[0].silence_ms == expected


def test_a_certificate_with_another_key_is_not_used(issued: IssuedCertificate, tmp_path: Path) -> None:
    other = issue(Site(tmp_path), ["*.aurawellness.com"])
    mixed = objects.secret(IssuedCertificate(issued.certificate, other.key))
    result = objects.compile_objects(
        objects.cache(objects.gateway_class(), objects.gateway(), objects.proxy_service(), mixed)
    )
    (listener,) = result.listeners[("aura", "aura")]
    assert [condition.reason for condition in listener.conditions] == ["Accepted", "InvalidCertificateRef"]


@pytest.mark.parametrize(
    "other", [objects.gateway_class("example.com/other"), objects.gateway_class(unmanaged="")], ids=["other", "managed"]
)
def test_gateways_of_classes_that_are_not_ours_are_left_alone(issued: IssuedCertificate, other: GatewayClass) -> None:
    items = (other, objects.gateway(), objects.proxy_service(), objects.secret(issued), objects.route("mine", "/"))
    result = objects.compile_objects(objects.cache(*items))
    assert (result.plan.frontends, result.listeners, result.routes) == ((), {}, {})


def test_rendering_gives_the_same_text_for_the_same_plan(compiled: Any) -> None:
    plan = compiled(objects.route("mine", "/v1/mine", plugins="user,token,limit")).plan
    settings = ProxySettings("127.0.0.1", "https://issuer", 100)
    texts = {render(plan, settings, {"aura.mine.0": (("127.0.0.2", 80), None)}) for _ in range(2)}
    assert len(texts) == 1
    assert "server s0 127.0.0.2:80\n" in texts.pop()


def test_text_from_objects_cannot_leave_its_quotes() -> None:
    assert quoted("/x' } server evil 1.2.3.4:80") == "'/x'\\'' } server evil 1.2.3.4:80'"
    with pytest.raises(Unquotable):
        quoted("/x\n  server evil 1.2.3.4:80")
