"""From objects to a plan and verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.gateway.certificate import Issued, issue
from local.gateway.haproxy.render import Setting, Unquotable, VerificationKey, quoted, render
from local.gateway.objects import Object
from local.gateway.routing.compile import compile_world
from local.gateway.routing.plan import Compiled
from local.gateway.routing.plugins import Policy
from local.site import Site
from tests.gateway import objects


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(Site(Path(tmp_path_factory.mktemp("site"))), ["*.aurawellness.com"])


@pytest.fixture
def compiled(issued: Issued) -> Any:
    def make(*items: Object, **gateway: Any) -> Compiled:
        base = (objects.gateway_class(), objects.gateway(**gateway), objects.secret(issued), objects.service())
        return compile_world(objects.world(*base, *objects.plugins(), *items))

    return make


def said(compiled: Compiled, name: str = "mine") -> dict[str, tuple[bool, str]]:
    return {item.type: (item.status, item.reason) for item in compiled.routes[("aura", name)][0]}


def why(compiled: Compiled, name: str = "mine") -> str:
    return compiled.routes[("aura", name)][0][0].message


def test_a_route_becomes_a_branch_and_a_backend_with_its_policy(compiled: Any) -> None:
    result = compiled(objects.route("mine", "/v1/mine", plugins="user, token,limit"))
    (door,), (backend,) = result.plan.doors, result.plan.backends
    assert (door.port, door.certificates) == (objects.PORT, (("aura", "gateway-tls"),))
    (branch,) = door.branches
    assert (branch.host, branch.kind, branch.path, branch.backend) == (
        objects.HOST, "PathPrefix", "/v1/mine", backend.name,
    )  # fmt: skip
    assert backend.policy == Policy(True, True, 1000, "X-User-Id")
    assert said(result) == {"Accepted": (True, "Accepted"), "ResolvedRefs": (True, "ResolvedRefs")}


def test_the_more_specific_branch_comes_first(compiled: Any) -> None:
    result = compiled(
        objects.route("any-host", "/v1/users/me", host="*.aurawellness.com", kind="Exact"),
        objects.route("short", "/v1"),
        objects.route("exact", "/v1/users", kind="Exact"),
        objects.route("long", "/v1/users"),
        objects.route("root", "/"),
    )
    (door,) = result.plan.doors
    assert [branch.backend for branch in door.branches] == [
        f"aura.{name}.0" for name in ("exact", "long", "short", "root", "any-host")
    ]


REFUSED = {
    "a plugin that is not there": (objects.route("mine", "/", plugins="token,missing"), "missing does not exist"),
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


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_implemented_is_not_served_and_said(compiled: Any, name: str) -> None:
    route, expected = REFUSED[name]
    result = compiled(route)
    assert said(result) == {"Accepted": (False, "UnsupportedValue")}
    assert expected in why(result)
    assert result.plan.backends == ()
    assert result.plan.doors[0].branches == ()


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
def test_a_plugin_that_cannot_be_honoured_closes_the_route(compiled: Any, plugin: Object, expected: str) -> None:
    result = compiled(objects.route("mine", "/", plugins="odd"), plugin)
    assert said(result) == {"Accepted": (False, "UnsupportedValue")}
    assert expected in why(result)


def test_the_operators_plugins_are_honoured(compiled: Any) -> None:
    trace = objects.plugin("trace", "correlation-id", header_name="X-Trace-Id", generator="uuid", echo_downstream=True)
    redis = {"host": "127.10.0.9", "port": 6379, "ssl": False}
    limit = objects.plugin("by-ip", "rate-limiting", minute=5, limit_by="ip", policy="redis", redis=redis)
    result = compiled(objects.route("mine", "/", plugins="trace,by-ip"), trace, limit)
    assert result.plan.backends[0].policy == Policy(per_minute=5)


def test_an_unknown_annotation_of_kong_closes_the_route(compiled: Any) -> None:
    route = objects.route("mine", "/")
    route.metadata.annotations["konghq.com/methods"] = "GET"
    assert "konghq.com/methods" in why(compiled(route))


def test_a_service_that_is_not_there_is_served_as_unavailable_and_said(compiled: Any) -> None:
    result = compiled(objects.route("mine", "/", service="nobody"))
    assert said(result)["ResolvedRefs"] == (False, "BackendNotFound")
    assert len(result.plan.backends) == 1


def test_a_host_that_no_listener_has_is_refused(compiled: Any) -> None:
    result = compiled(objects.route("mine", "/", host="api.example.com"))
    assert said(result) == {"Accepted": (False, "NoMatchingListenerHostname")}


@pytest.mark.parametrize("fault", [{"protocol": "HTTP"}, {"tls": None}, {"tls": {"mode": "Passthrough"}}])
def test_a_listener_without_tls_is_not_opened(compiled: Any, fault: dict[str, Any]) -> None:
    result = compiled(objects.route("mine", "/"), **fault)
    assert result.plan.doors == ()
    assert said(result) == {"Accepted": (False, "NoMatchingParent")}


def test_a_certificate_with_another_key_is_not_shown(issued: Issued, tmp_path: Path) -> None:
    other = issue(Site(tmp_path), ["*.aurawellness.com"])
    mixed = objects.secret(Issued(issued.certificate, other.key))
    result = compile_world(objects.world(objects.gateway_class(), objects.gateway(), mixed))
    (listener,) = result.listeners[("aura", "aura")]
    assert [condition.reason for condition in listener.conditions] == ["Accepted", "InvalidCertificateRef"]


def test_gateways_of_other_controllers_are_left_alone(issued: Issued) -> None:
    other = objects.gateway_class("konghq.com/kic-gateway-controller")
    items = (other, objects.gateway(), objects.secret(issued), objects.route("mine", "/"))
    result = compile_world(objects.world(*items))
    assert (result.plan.doors, result.listeners, result.routes) == ((), {}, {})


def test_rendering_gives_the_same_text_for_the_same_plan(compiled: Any) -> None:
    plan = compiled(objects.route("mine", "/v1/mine", plugins="user,token,limit")).plan
    setting, keys = Setting("127.0.0.1", "https://issuer", 100), [VerificationKey("k", "ES256", "keys/k.pem")]
    texts = {render(plan, setting, keys, {"aura.mine.0": (("127.0.0.2", 80), None)}) for _ in range(2)}
    assert len(texts) == 1
    assert "server s0 127.0.0.2:80\n" in texts.pop()


def test_text_from_objects_cannot_leave_its_quotes() -> None:
    assert quoted("/x' } server evil 1.2.3.4:80") == "'/x'\\'' } server evil 1.2.3.4:80'"
    with pytest.raises(Unquotable):
        quoted("/x\n  server evil 1.2.3.4:80")
