"""Which objects make which resources be reconciled."""

from __future__ import annotations

import pytest

from operators.handlers import is_shared_dependency


@pytest.mark.parametrize(
    ("kind", "name", "shared"),
    [
        ("ConfigMap", "aura-platform", True),
        ("Secret", "aura-platform", True),  # a rotated password of brokers or caches
        ("Secret", "timeseries-app", True),
        ("Secret", "timeseries-ca", True),
        ("Service", "auth", True),
        ("Secret", "auth-environment", False),
        ("ConfigMap", "kube-root-ca.crt", False),
    ],
)
def test_every_resource_is_reconciled_when_the_configuration_of_the_region_changes(
    kind: str, name: str, shared: bool
) -> None:
    assert is_shared_dependency({"kind": kind, "metadata": {"name": name}}) is shared
