"""What a stack holds, from what it declares and from states as Pulumi exports them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.inventory.prices import HOURS, Prices, cost, load
from cli.inventory.recovery import ALL, OF
from cli.inventory.rows import KINDS, Row, rows, total
from cli.inventory.show import summary
from cli.inventory.state import UnusableState, parse
from cli.inventory.timeseries import clusters
from infra.policies.copies import FIND
from infra.policies.declared import Resource
from tests.infra.policies.programs import declared, small
from tests.infra.policies.test_counterpart import PAIR, PROGRAMS, options

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
WEST = "urn:pulumi:prod::aura::pulumi:providers:aws::us-west-2"
SOURCE = "urn:pulumi:prod::aura::aura:infra:Database$aws:rds/instance:Instance::aura-us-west-2-auth"


def state() -> dict[str, Any]:
    """An export: a database and its replica, which has its size of its source; one that a replacement is deleting."""
    of_east = WEST.replace("us-west-2", "us-east-1")
    resources = [
        {"urn": "urn:pulumi:prod::aura::pulumi:pulumi:Stack::aura-prod", "type": "pulumi:pulumi:Stack"},
        {"urn": WEST, "type": "pulumi:providers:aws", "inputs": {"region": "us-west-2"}},
        {"urn": of_east, "type": "pulumi:providers:aws", "inputs": {"region": "us-east-1"}},
        {
            "urn": SOURCE,
            "type": "aws:rds/instance:Instance",
            "inputs": {"instanceClass": "db.t4g.micro", "allocatedStorage": 100, "multiAz": True},
            "outputs": {"instanceClass": "db.t4g.micro", "replicateSourceDb": ""},
            "provider": f"{WEST}::id",
            "protect": True,
        },
        {
            "urn": SOURCE.replace("us-west-2", "us-east-1"),
            "type": "aws:rds/instance:Instance",
            "inputs": {"replicateSourceDb": "arn", "instanceClass": "db.t4g.micro"},
            "outputs": {"allocatedStorage": 100},
            "provider": f"{of_east}::id",
            "propertyDependencies": {"replicateSourceDb": [SOURCE], "instanceClass": None},
        },
        {"urn": SOURCE, "type": "aws:rds/instance:Instance", "delete": True, "provider": f"{WEST}::id"},
    ]
    return {"version": 3, "deployment": {"resources": resources}}


def by_kind(found: list[Row]) -> dict[str, list[Row]]:
    return {kind: [row for row in found if row.kind == kind] for kind in KINDS.values()}


def test_a_database_and_its_replica_of_an_exported_state() -> None:
    prices = load()
    east, west = rows(parse(state()), prices)
    assert (east.region, east.size) == ("us-east-1", "db.t4g.micro, 100 GiB")
    assert (west.region, west.size) == ("us-west-2", "db.t4g.micro, Multi-AZ, 100 GiB")
    assert (east.copied_to, west.copied_to) == ("us-west-2 (read replica)", "us-east-1 (read replica)")
    assert west.lost == OF["read replica"]
    instance, storage = prices.of["db.t4g.micro"].usd * HOURS, prices.of["rds gp3 storage"].usd * 100
    assert east.cost and east.cost.usd == pytest.approx(instance + storage)
    assert west.cost and west.cost.usd == pytest.approx(2 * (instance + storage))


@pytest.mark.parametrize("document", [[], {}, {"deployment": None}, {"deployment": {"resources": []}}])
def test_what_is_no_state_is_refused(document: Any) -> None:
    with pytest.raises(UnusableState):
        parse(document)


PAIRED = {"us-west-2", "us-east-1", "us-east-2", "global"}


@pytest.mark.parametrize(
    ("stack", "regions", "lost"),
    [
        ("local", PAIRED, OF["read replica"]),
        ("staging", PAIRED, OF["read replica"]),
        ("prod", PAIRED, OF["read replica"]),
    ],
)
def test_everything_that_holds_state_is_listed_with_what_its_region_would_take_along(
    stack: str, regions: set[str], lost: str
) -> None:
    judged = declared(stack)
    found = rows(judged, load())
    stateful = [one for one in judged.resources if one.type in FIND]
    assert len([row for row in found if row.lost]) == len(stateful) > 15
    kinds = by_kind(found)
    assert {row.region for row in found} == regions
    assert {row.lost for row in kinds["database"]} == {lost}
    assert {row.name: row.lost for row in kinds["bucket"]}["aura-us-west-2-logs"].startswith("logs of")


def test_prod_by_its_sizes() -> None:
    kinds = by_kind([row for row in rows(declared("prod"), load()) if row.region == "us-west-2"])
    assert kinds["stream"][0].size == "3 kafka.m7g.xlarge, 1000 GiB each"
    assert kinds["stream"][0].cost and kinds["stream"][0].cost.usd == pytest.approx(3 * 0.408 * HOURS + 3000 * 0.1)
    assert kinds["cache"][0].size == "3 cache.r7g.large"
    assert {row.size for row in kinds["nodes"]} == {"6 spot", "3 on-demand"}
    assert len(kinds["NAT gateway"]) == 3


def test_a_price_that_is_not_known_is_named_and_never_counted() -> None:
    prices = load()
    found = rows(declared("prod"), prices)
    every = total(found)
    assert "db.r7g.xlarge" in every.unpriced and "m7g.xlarge (spot)" in every.unpriced
    assert not set(every.unpriced) & prices.of.keys()
    assert every.usd == pytest.approx(sum(row.cost.usd for row in found if row.cost))
    text = "\n".join(summary(found, prices))
    assert "us-east-1" in text and "not in the sum: " in text and "db.r7g.xlarge" in text
    nothing = Prices("us-east-1", {})
    assert total(rows(declared("prod"), nothing)).usd == 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_recovery_point_is_that_of_the_replication(program: Any) -> None:
    alone = rows(small(lambda: program(options(), False), config=PAIR), load())
    pair = rows(small(lambda: program(options(), True), config=PAIR), load())
    assert ALL in {row.lost for row in alone}
    stateful = [row for row in pair if row.lost]
    assert stateful and {row.lost for row in stateful} <= set(OF.values())
    assert all(re.fullmatch(r"us-(east-1|west-2) \([a-z ]+\)", row.copied_to) for row in stateful)


CLUSTER = """
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: timeseries}
spec:
  instances: 3
  storage: {size: 100Gi}
  externalClusters: [{name: us-west-2}, {name: us-east-1}]
"""


def test_the_time_series_store_of_each_region_that_has_a_cluster(tmp_path: Path) -> None:
    for region in ("us-west-2", "us-east-1"):
        (tmp_path / region).mkdir()
    prices = load()
    west, east = clusters(["us-west-2", "us-east-1", "us-east-2"], tmp_path, lambda _: CLUSTER, prices)
    assert (west.region, west.size) == ("us-west-2", "3 instances, 100Gi each")
    assert (west.copied_to, east.copied_to) == ("us-east-1 (WAL archive)", "us-west-2 (WAL archive)")
    assert west.lost == OF["WAL archive"]
    assert west.cost and west.cost.unpriced == ("gp3 storage",)
    (alone,) = clusters(["us-west-2"], tmp_path, lambda _: CLUSTER, prices)
    assert (alone.copied_to, alone.lost) == ("nothing", ALL)


def test_every_price_has_a_source_with_a_date() -> None:
    prices = load()
    assert len(prices.of) > 8
    for price in prices.of.values():
        assert 0 < price.usd < 10 and price.unit in ("hour", "month")
        assert re.fullmatch(r"20\d\d(-\d\d(-\d\d)?)?", price.seen)


def test_a_size_that_the_state_does_not_say_is_named_as_one_without_a_price() -> None:
    document = state()
    del document["deployment"]["resources"][4]["outputs"]
    east, _ = rows(parse(document), load())
    assert east.cost and east.cost.unpriced == ("size of aura-us-east-1-auth",)
    assert east.cost.usd == pytest.approx(load().of["db.t4g.micro"].usd * HOURS)


def test_what_is_paid_by_use_has_no_cost_of_its_own() -> None:
    assert cost(Resource("aws:s3/bucket:Bucket", "b", json.loads("{}")), load()) is None
