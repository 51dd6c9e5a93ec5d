"""From objects of the cluster to records of a zone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.externaldns.hosts import HOSTNAME, Hosts, of_load_balancers, of_routes, within
from local.externaldns.records import changes, related, zone_of

OWNER = "aura-us-west-2"
HOST, WEST, EAST = "gateway.us-west-2.example.org", "127.10.15.160", "127.20.15.160"


def gateway(*addresses: str) -> dict[str, Any]:
    at = [{"type": "IPAddress", "value": address} for address in addresses]
    return {"metadata": {"name": "aura", "namespace": "aura"}, "status": {"addresses": at}}


def route(*hosts: str, accepted: str = "True", parent: str = "aura") -> dict[str, Any]:
    status = {"parentRef": {"name": parent}, "conditions": [{"type": "Accepted", "status": accepted}]}
    return {
        "metadata": {"name": "web", "namespace": "aura"},
        "spec": {"hostnames": list(hosts)},
        "status": {"parents": [status]},
    }


def service(hosts: str, *addresses: str, type: str = "LoadBalancer") -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": "aura", "annotations": {HOSTNAME: hosts}},
        "spec": {"type": type},
        "status": {"loadBalancer": {"ingress": [{"ip": address} for address in addresses]}},
    }


@pytest.mark.parametrize(
    ("found", "gateways", "hosts"),
    [
        (route("a.example"), [gateway(WEST)], {"a.example": {WEST}}),
        (
            route("a.example", "b.example"),
            [gateway(WEST, EAST)],
            {"a.example": {WEST, EAST}, "b.example": {WEST, EAST}},
        ),
        (route("a.example", accepted="False"), [gateway(WEST)], {}),
        (route("a.example", parent="other"), [gateway(WEST)], {}),
        (route("a.example"), [gateway()], {}),
        (route(), [gateway(WEST)], {}),
    ],
)
def test_hosts_of_accepted_routes_are_at_their_gateways_addresses(
    found: dict[str, Any], gateways: list[dict[str, Any]], hosts: Hosts
) -> None:
    assert of_routes([found], gateways) == hosts


@pytest.mark.parametrize(
    ("found", "hosts"),
    [
        (service("a.example", WEST), {"a.example": {WEST}}),
        (service("a.example, b.example", WEST), {"a.example": {WEST}, "b.example": {WEST}}),
        (service("a.example"), {}),
        (service("", WEST), {}),
        (service("a.example", WEST, type="ClusterIP"), {}),
    ],
)
def test_annotated_hosts_are_at_their_load_balancers_addresses(found: dict[str, Any], hosts: Hosts) -> None:
    assert of_load_balancers([found]) == hosts


def test_only_hosts_of_the_domains_count() -> None:
    hosts = {
        host: frozenset({WEST}) for host in (HOST, "us-west-2.example.org", "api.example.org", "xus-west-2.example.org")
    }
    assert set(within(hosts, ["us-west-2.example.org"])) == {HOST, "us-west-2.example.org"}


def test_a_host_is_in_the_zone_with_the_longest_name() -> None:
    zones = {"org.": "1", "example.org.": "2", "us-west-2.example.org.": "3", "ample.org.": "4"}
    assert zone_of(HOST, zones) == "3"
    assert zone_of("api.example.org", zones) == "2"
    assert zone_of("api.example.com", zones) is None


@pytest.mark.parametrize(
    ("zone", "there"),
    [
        ("example.org.", True),
        ("us-west-2.example.org.", True),
        ("a.us-west-2.example.org.", True),
        ("ample.org.", False),
    ],
)
def test_a_zone_counts_that_a_domain_is_in_or_that_is_in_a_domain(zone: str, there: bool) -> None:
    assert related(zone, ["us-west-2.example.org"]) is there


class Zone:
    """Applies changes as Route 53 does."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self.records = list(records)

    def apply(self, desired: Hosts, owner: str = OWNER) -> tuple[str, ...]:
        found = changes(self.records, desired, owner)
        for batch in found.batches:
            for change in batch:
                record = change["ResourceRecordSet"]
                same = [one for one in self.records if (one["Name"], one["Type"]) == (record["Name"], record["Type"])]
                if change["Action"] == "DELETE":
                    assert same == [record], "Route 53 deletes only what is given as it is"
                self.records = [one for one in self.records if one not in same]
                if change["Action"] == "UPSERT":
                    self.records.append(record)
        return found.of_others

    def addresses(self) -> Hosts:
        return {
            one["Name"].rstrip("."): frozenset(value["Value"] for value in one["ResourceRecords"])
            for one in self.records
            if one["Type"] == "A"
        }


def test_a_record_of_somebody_else_is_left_alone() -> None:
    by_hand = {"Name": f"{HOST}.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "elsewhere.example"}]}
    zone = Zone(by_hand)
    assert zone.apply({HOST: frozenset({WEST})}) == (HOST,)
    assert zone.records == [by_hand]
    zone.apply({})
    assert zone.records == [by_hand]


def test_another_clusters_record_is_left_alone() -> None:
    zone = Zone()
    zone.apply({HOST: frozenset({EAST})}, owner="aura-us-east-1")
    assert zone.apply({HOST: frozenset({WEST})}) == (HOST,)
    assert zone.addresses() == {HOST: {EAST}}


HOSTS = st.dictionaries(
    st.sampled_from([f"{name}.example.org" for name in "abcd"]),
    st.frozensets(st.sampled_from([WEST, EAST, "127.0.0.1"]), min_size=1),
)


@given(HOSTS, HOSTS, HOSTS)
def test_after_changes_the_records_are_those_desired_and_nothing_is_left_to_do(
    others: Hosts, before: Hosts, after: Hosts
) -> None:
    zone = Zone()
    zone.apply(others, owner="aura-us-east-1")
    for desired in (before, after):
        zone.apply(desired)
        assert zone.addresses() == {**desired, **others}
        assert not changes(zone.records, desired, OWNER).batches
    zone.apply({})
    assert zone.addresses() == others
