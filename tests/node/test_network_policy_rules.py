"""Which connections NetworkPolicies allow: pure decisions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.node import ports
from local.node.addons.endpoints import Endpoint, ServicePort
from local.node.addons.network_policy import nftables
from local.node.addons.network_policy.enforcer import is_enabled
from local.node.addons.network_policy.policies import Block, Member, Policies, members
from local.node.addons.network_policy.selectors import matches

Object = dict[str, Any]


def _member(number: int, name: str, namespace: str = "shop", **ports: int) -> Member:
    return Member(name, namespace, f"127.10.16.{number}", {"app": name}, ports)


WEB, DATABASE, JOB, STRANGER = (
    _member(1, "web"),
    _member(2, "database", sql=5432),
    _member(3, "nightlyjob"),
    _member(4, "stranger", "other"),
)
PODS = [WEB, DATABASE, JOB, STRANGER]
NAMESPACES = {"shop": {"team": "a"}, "other": {"team": "b"}}


def _policy(app: str, **spec: Any) -> Object:
    types = [name for name, key in (("Ingress", "ingress"), ("Egress", "egress")) if key in spec]
    selector = {"matchLabels": {"app": app}} if app else {}
    return {"metadata": {"namespace": "shop"}, "spec": {"podSelector": selector, "policyTypes": types, **spec}}


def _app(name: str) -> Object:
    return {"podSelector": {"matchLabels": {"app": name}}}


def _policies(*items: Object) -> Policies:
    return Policies(items, PODS, NAMESPACES)


def _allowed(policies: Policies, source: Member, destination: Member, port: int) -> bool:
    leaves = policies.allows_egress(source, destination.address, port)
    return leaves and policies.allows_ingress(destination, source, port)


def test_without_a_policy_everything_is_allowed() -> None:
    assert all(_allowed(_policies(), a, b, 80) for a in PODS for b in PODS)


@pytest.mark.parametrize(
    ("ingress", "expected"),
    [
        ([], set()),
        ([{}], {"web", "nightlyjob", "stranger"}),
        ([{"from": [_app("web")]}], {"web"}),
        ([{"from": [{"podSelector": {}}]}], {"web", "nightlyjob"}),
        ([{"from": [{"namespaceSelector": {}}]}], {"web", "nightlyjob", "stranger"}),
        ([{"from": [{"namespaceSelector": {"matchLabels": {"team": "b"}}}]}], {"stranger"}),
        ([{"from": [{"namespaceSelector": {"matchLabels": {"team": "b"}}, **_app("web")}]}], set()),
        ([{"from": [_app("web")]}, {"from": [_app("nightlyjob")]}], {"web", "nightlyjob"}),
        ([{"from": [_app("web")], "ports": [{"port": 80}]}], set()),
        ([{"from": [_app("web")], "ports": [{"port": 5000, "endPort": 6000}]}], {"web"}),
        ([{"from": [_app("web")], "ports": [{"port": "sql"}]}], {"web"}),
        ([{"from": [_app("web")], "ports": [{"port": "unknown"}]}], set()),
        ([{"from": [_app("web")], "ports": [{"port": 5432, "protocol": "UDP"}]}], set()),
        ([{"from": [{"ipBlock": {"cidr": f"{WEB.address}/32"}}]}], {"web"}),
        (
            [{"from": [{"ipBlock": {"cidr": "127.0.0.0/8", "except": [f"{WEB.address}/32"]}}]}],
            {"nightlyjob", "stranger"},
        ),
    ],
)
def test_who_may_connect_to_the_database(ingress: list[Object], expected: set[str]) -> None:
    policies = _policies(_policy("database", ingress=ingress))
    assert {one.uid for one in PODS if _allowed(policies, one, DATABASE, 5432)} - {"database"} == expected
    assert _allowed(policies, DATABASE, DATABASE, 5432)
    assert _allowed(policies, DATABASE, WEB, 80)


@pytest.mark.parametrize(
    ("egress", "expected"),
    [
        ([], set()),
        ([{}], {"database", "nightlyjob", "stranger"}),
        ([{"to": [_app("database")]}], {"database"}),
        ([{"ports": [{"port": 5432}]}], {"database", "nightlyjob", "stranger"}),
        ([{"ports": [{"port": 80}]}], set()),
        ([{"ports": [{"port": "sql"}]}], {"database"}),
        ([{"to": [{"namespaceSelector": {"matchLabels": {"team": "b"}}}], "ports": [{"port": 5432}]}], {"stranger"}),
    ],
)
def test_where_the_web_may_connect_to(egress: list[Object], expected: set[str]) -> None:
    policies = _policies(_policy("web", egress=egress))
    assert {one.uid for one in PODS if _allowed(policies, WEB, one, 5432)} - {"web"} == expected
    assert _allowed(policies, JOB, WEB, 1)


def test_policies_add_up() -> None:
    first, second = (_policy("database", ingress=[{"from": [_app(name)]}]) for name in ("web", "nightlyjob"))
    policies = _policies(_policy("", ingress=[]), first, second)
    assert {one.uid for one in PODS if _allowed(policies, one, DATABASE, 1)} == {"web", "nightlyjob", "database"}
    assert not _allowed(policies, JOB, WEB, 1)
    assert _allowed(policies, WEB, STRANGER, 1)  # of another namespace


_LABELS = st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy"))


@given(_LABELS, st.sampled_from("ab"), st.lists(st.sampled_from("xy"), min_size=1))
def test_operators_and_their_opposites(labels: dict[str, str], key: str, values: list[str]) -> None:
    def meets(operator: str) -> bool:
        return matches({"matchExpressions": [{"key": key, "operator": operator, "values": values}]}, labels)

    assert meets("In") != meets("NotIn")
    assert meets("Exists") != meets("DoesNotExist")
    assert meets("Exists") or not meets("In")
    assert matches({}, labels)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 20)), min_size=1), st.integers(1, 90))
def test_ranges_of_ports_never_overlap_and_mean_the_same(ranges: list[tuple[int, int]], port: int) -> None:
    declared = [{"port": low, "endPort": low + more} for low, more in ranges]
    (allowance,) = _policies(_policy("web", egress=[{"ports": declared}])).egress["web"]
    assert allowance.admits("127.0.0.1", port) == any(low <= port <= low + more for low, more in ranges)
    assert all(before[1] + 1 < after[0] for before, after in zip(allowance.ports, allowance.ports[1:], strict=False))


def test_a_block_has_its_addresses_and_not_those_excepted() -> None:
    block = Block("10.0.0.0/8", ("10.1.0.0/16",))
    assert [block.contains(one) for one in ("10.0.0.1", "10.1.0.1", "11.0.0.1")] == [True, False, False]


def test_pods_of_the_nodes_network_and_finished_ones_are_no_members() -> None:
    def pod(name: str, phase: str = "Running", **spec: Any) -> Object:
        status = {"podIP": "127.10.16.9", "phase": phase}
        return {"metadata": {"uid": name, "namespace": "n"}, "spec": {"containers": [], **spec}, "status": status}

    found = members([pod("one"), pod("host", hostNetwork=True), pod("done", "Succeeded"), pod("new") | {"status": {}}])
    assert [one.uid for one in found] == ["one"]


def test_a_service_is_reachable_only_if_all_its_endpoints_are() -> None:
    port = ServicePort("127.10.96.7", 80, "tcp")
    text = nftables.script(
        "t",
        _policies(_policy("web", egress=[{"to": [_app("database")]}]), _policy("nightlyjob", ingress=[])),
        {
            port: frozenset([Endpoint(DATABASE.address, 5432)]),
            ServicePort("127.10.96.8", 80, "tcp"): frozenset(Endpoint(o.address, 1) for o in (DATABASE, JOB)),
        },
    )
    assert "ip daddr . tcp dport { 127.10.96.7 . 80 } return" in text
    assert "ip daddr { 127.10.96.7, 127.10.96.8 } drop" in text
    assert "127.10.96.8 . 80 : jump service_127_10_96_8_80" in text


@pytest.mark.parametrize(
    ("addons", "wanted"),
    [
        ({}, False),
        ({"vpc-cni": {}}, False),
        ({"vpc-cni": {"enableNetworkPolicy": "true"}}, True),
        ({"vpc-cni": {"enableNetworkPolicy": True}}, True),
        ({"vpc-cni": {"enableNetworkPolicy": "false"}}, False),
    ],
)
def test_the_add_ons_configuration_decides(addons: dict[str, Any], wanted: bool) -> None:
    assert is_enabled(addons) == wanted


@pytest.mark.parametrize(
    ("cidr", "port", "reached"),
    [("169.254.170.23/32", 80, True), ("169.254.170.23/32", 443, False), ("169.254.0.0/31", 80, False)],
)
def test_the_agent_of_pod_identity_is_at_the_nodes_own_address(cidr: str, port: int, reached: bool) -> None:
    pod = replace(WEB, host="127.11.16.9")
    rule = {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"protocol": "TCP", "port": port}]}
    policies = Policies([_policy("web", policyTypes=["Egress"], egress=[rule])], [pod], {"shop": {}})
    assert policies.allows_egress(pod, "127.11.16.9", ports.POD_IDENTITY) is reached
    assert not policies.allows_egress(pod, "127.11.16.10", ports.POD_IDENTITY)
