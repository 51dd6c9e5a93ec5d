"""Shared fixtures, and the distribution of tests to worker processes."""

from __future__ import annotations

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

settings.register_profile("aura", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("aura")
pytest_plugins = [
    "tests.fixtures.revival",
    "tests.fixtures.engines",
    "tests.fixtures.timescale",
    "tests.fixtures.cloud",
    "tests.fixtures.cluster",
    "tests.fixtures.eks",
    "tests.fixtures.platform",
]


ON_THE_ENDPOINT = (
    "tests/cli/test_account",
    "tests/cli/test_recovery_of_a_stack",
    "tests/cli/test_serving_region",
    "tests/cli/test_signing_key",
    "tests/cloud/",
    "tests/cloudnativepg/test_backups_",
    "tests/cloudnativepg/test_replica_",
    "tests/content/test_recordings",
    "tests/dataflows/state/test_bucket",
    "tests/dataflows/test_candidate",
    "tests/dataflows/test_image_gone_back",
    "tests/dataflows/test_state_in_s3",
    "tests/dataflows/test_state_moved",
    "tests/dataflows/test_workers",
    "tests/fuzz/test_aws",
    "tests/fuzz/test_workers",
    "tests/fuzz/test_pair",
    "tests/infra/test_bootstrap",
    "tests/infra/test_preview",
    "tests/infra/test_promoted_stores",
    "tests/plugins/test_aws_",
    "tests/runbooks/test_databases",
    "tests/runbooks/test_eks_login",
    "tests/runbooks/test_on_engines",
    "tests/plugins/test_takeover_",
    "tests/region/test_lease_at_the_witness",
)
"""Files whose tests use the fixture `cloud`."""


class ByEngines(LoadScopeScheduling):
    """Tests of a file share a worker, for its fixtures; so do all tests that use the single AWS endpoint."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return "cloud" if file.startswith(ON_THE_ENDPOINT) else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A worker that takes the endpoint keeps it until it ends, so a file outside would wait for it in vain.

    A pair comes first, while no other platform needs memory.
    """
    items.sort(key=lambda item: "both_regions" not in getattr(item, "fixturenames", ()))
    for item in items:
        if "cloud" in getattr(item, "fixturenames", ()) and not item.nodeid.startswith(ON_THE_ENDPOINT):
            raise pytest.UsageError(
                f"{item.nodeid} uses the AWS endpoint: add its file to ON_THE_ENDPOINT in {__file__}"
            )


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByEngines:
    return ByEngines(config, log)
