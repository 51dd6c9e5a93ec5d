"""The controller runs once for all tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from local.cloudnativepg.server import delete_all
from local.site import Site
from tests.cloudnativepg.databases import REGION, Databases, database
from tests.fixtures.cluster import Cluster
from tests.fixtures.controllers import installed, prepare
from tests.fixtures.engines import SITE_INDEX, ScratchEnvironment


@pytest.fixture(scope="package")
def databases(cluster: Cluster, scratch: ScratchEnvironment) -> Iterator[Databases]:
    prepare(cluster)
    site = Site(cluster.site.home, SITE_INDEX)
    # The eight addresses of a run are those of its engines: these sixteen in the upper half are its alone, too.
    _, _, high, low = map(int, scratch.addresses[0].split("."))
    first = 2048 + (high << 8 | low) // 8 % 128 * 16
    registry = site.home / "addresses" / f"{REGION}.json"
    registry.parent.mkdir(parents=True, exist_ok=True)
    registry.write_text(json.dumps({"last": first - 1, "numbers": {}}))
    objects = installed(cluster, "cnpg")
    for item in objects:
        if item["kind"] == "Deployment":
            container = item["spec"]["template"]["spec"]["containers"][0]
            container["env"].append({"name": "AURA_SITE", "value": str(SITE_INDEX)})
    cluster.apply(*objects, namespace="cnpg-system")
    cluster.apply(database("timeseries"), namespace="aura")
    databases = Databases(cluster, site)
    databases.healthy("timeseries")
    yield databases
    cluster.kubectl("delete", "deployment", "cnpg-cloudnative-pg", "-n", "cnpg-system")
    delete_all(site, REGION)
