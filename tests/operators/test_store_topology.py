"""What the operators make of the store's Cluster: by the role of its region, and by what a runbook puts down."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.platform import TIMESERIES_PASSWORD, RegionRole
from contracts.store_topology import PROMOTION_TOKEN, WITHOUT_TOKEN
from operators.adapters.timeseries import Copy
from operators.biostream.locations import Locations
from operators.biostream.siblings import among
from operators.biostream.standby import copied
from operators.kubernetes.conditions import State
from operators.timeseries.credentials import is_shared, with_password
from operators.timeseries.topology import awaited, change
from tests.operators.samples import STREAM, stream
from tests.operators.test_siblings import body as stream_body

WEST, EAST = "us-west-2", "us-east-1"
ACTIVE, PASSIVE = RegionRole.ACTIVE, RegionRole.PASSIVE


def cluster(replica: dict[str, str] | None = None, token: str = "", **status: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"externalClusters": [{"name": WEST}, {"name": EAST}]}
    annotations = {PROMOTION_TOKEN: token} if token else {}
    metadata = {"name": "timeseries", "annotations": annotations}
    return {"metadata": metadata, "spec": spec | ({"replica": replica} if replica else {}), "status": status}


def of(primary: str, region: str = EAST) -> dict[str, str]:
    other = WEST if region == EAST else EAST
    return {"self": region, "source": other} | ({"primary": primary} if primary else {})


def merged(body: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7396."""
    result = dict(body)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name, {}), value) if isinstance(value, dict) else value
    return result


@pytest.mark.parametrize(
    ("body", "region", "role", "primary", "token"),
    [
        (cluster(), WEST, ACTIVE, WEST, None),  # as it began: its data stay
        (cluster(of("")), EAST, PASSIVE, WEST, None),
        (cluster(of(WEST, WEST)), WEST, PASSIVE, EAST, None),
        (cluster(), WEST, PASSIVE, EAST, None),
        (cluster(of(WEST), "t"), EAST, ACTIVE, EAST, "t"),
        (cluster(of(""), "t"), EAST, ACTIVE, EAST, "t"),
        (cluster(of(WEST), WITHOUT_TOKEN), EAST, ACTIVE, EAST, None),
        (cluster(of(WEST) | {"promotionToken": "old"}, WITHOUT_TOKEN), EAST, ACTIVE, EAST, None),
    ],
)
def test_a_role_that_changed_is_written_into_the_cluster_once(
    body: dict[str, Any], region: str, role: RegionRole, primary: str, token: str | None
) -> None:
    found = change(body, region, role)
    assert found is not None
    after = merged(body, found.patch)
    replica = after["spec"]["replica"]
    assert (replica["self"], replica["primary"], replica.get("promotionToken")) == (region, primary, token)
    assert replica["source"] == ({WEST, EAST} - {region}).pop()
    assert change(after, region, role) is None


@pytest.mark.parametrize(
    ("body", "region", "role"),
    [
        (cluster(of(WEST, WEST)), WEST, ACTIVE),
        (cluster(of(WEST)), EAST, PASSIVE),
        (cluster(of(WEST)), EAST, ACTIVE),  # nobody said with which token, or that there is none
        (cluster(of("")), EAST, ACTIVE),
        (cluster(of(WEST), "t"), EAST, PASSIVE),  # put down before the region has its role
        (cluster(), "eu-west-1", PASSIVE),
        ({"metadata": {"name": "timeseries"}, "spec": {}}, WEST, PASSIVE),
    ],
)
def test_nothing_is_changed_without_need_and_no_replica_is_promoted_unasked(
    body: dict[str, Any], region: str, role: RegionRole
) -> None:
    assert change(body, region, role) is None


def test_a_demotion_forgets_the_token_of_the_promotion_before() -> None:
    body = cluster(of(EAST) | {"promotionToken": "t"}, "t")
    found = change(body, EAST, PASSIVE)
    assert found is not None
    after = merged(body, found.patch)
    assert PROMOTION_TOKEN not in after["metadata"]["annotations"]
    assert "promotionToken" not in after["spec"]["replica"]
    assert change(after, EAST, ACTIVE) is None


def encoded(**values: str) -> dict[str, str]:
    return {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}


def test_the_password_of_both_regions_is_put_into_the_secret_with_every_connection_string() -> None:
    before = encoded(username="t", password="made-here", uri="postgresql://t:made-here@h:5432/d", host="h")
    assert not is_shared(before, {TIMESERIES_PASSWORD: "of-both"})
    changed = with_password(before, "of-both")
    assert changed == encoded(password="of-both", uri="postgresql://t:of-both@h:5432/d")
    assert changed is not None
    assert is_shared(before | changed, {TIMESERIES_PASSWORD: "of-both"})
    assert is_shared(before, {})


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def locations(passive: bool, body: dict[str, Any] | None) -> Locations:
    streams = among([], stream_body("bio-sync", STREAM), stream(), "kafka", "postgresql://h/d")
    return Locations(None, "postgresql://h/d", "v", "ca", streams, passive, body, EAST, "bucket", 443)


def test_a_stream_says_of_a_replica_how_old_what_it_has_is_and_in_an_active_region_what_it_waits_for() -> None:
    copy, newest = Copy(NOW - timedelta(seconds=40)), NOW - timedelta(seconds=3)
    found = copied("TablesReady", locations(True, cluster(of(WEST))), copy, newest, NOW)
    assert found.state is State.GOOD
    assert "store timeseries is a replica of us-west-2" in found.message
    assert "newest transaction is 40 s old" in found.message
    assert "here is 3 s old" in found.message
    waits = copied("TablesReady", locations(False, cluster(of(WEST))), Copy(None), None, NOW)
    assert waits.state is State.WAITING
    assert f"with {PROMOTION_TOKEN}=TOKEN" in waits.message
    assert "not known yet" in waits.message


def test_a_replica_that_is_promoted_says_what_cloudnativepg_says() -> None:
    assert "waiting for promotion token LSN" in awaited(
        cluster(of(EAST), phaseReason="waiting for promotion token LSN (0/5)"), EAST
    )
    assert "no member" in awaited(None, EAST)
