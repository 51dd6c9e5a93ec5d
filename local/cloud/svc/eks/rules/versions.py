"""Versions of Kubernetes: what AWS offers, and what can run here."""

from __future__ import annotations

import re

from local.cloud.service.errors import AwsError, unsupported

OFFERED = 7
"""Minor versions that AWS supports at a time: 14 months in standard and 12 in extended support, three a year."""
SKEW = 3
"""Minor versions that nodes may be behind their control plane (Kubernetes, "Version Skew Policy")."""


def minor(version: str) -> int | None:
    """36 for "1.36"; None for what is no version."""
    match = re.fullmatch(r"1\.(\d{1,3})", version)
    return int(match[1]) if match else None


def is_offered(version: str, newest: str) -> bool:
    number, most = minor(version), minor(newest)
    return number is not None and most is not None and most - OFFERED < number <= most


def check_cluster(asked: str, here: str) -> None:
    """Raises AwsError unless a cluster of the version `asked` can be made; `here` is that of the installed binaries."""
    if not is_offered(asked, here):
        raise AwsError("InvalidParameterException", f"unsupported Kubernetes version {asked}")
    if asked != here:
        raise unsupported(f"clusters of Kubernetes {asked}: the binaries here are {here}")


def check_cluster_update(current: str, asked: str, here: str) -> None:
    """Raises AwsError unless the control plane can go from `current` to `asked` (API_UpdateClusterVersion)."""
    old, new = minor(current), minor(asked)
    if new is None or not is_offered(asked, here):
        raise AwsError("InvalidParameterException", f"unsupported Kubernetes version {asked}")
    if new == old:
        raise AwsError("InvalidParameterException", f"Cluster is already at version: {asked}")
    if old is None or new != old + 1:
        message = f"Unsupported Kubernetes minor version update from {current} to {asked}"
        raise AwsError("InvalidParameterException", message)
    if asked != here:
        raise unsupported(f"Kubernetes {asked}: the binaries here are {here}")


def check_nodes(asked: str, cluster: str, here: str) -> None:
    """Raises AwsError unless nodes of the version `asked` can join a cluster of version `cluster`."""
    nodes, plane = minor(asked), minor(cluster)
    if nodes is None or plane is None or not is_offered(asked, here):
        raise AwsError("InvalidParameterException", f"unsupported Kubernetes version {asked}")
    if not plane - SKEW <= nodes <= plane:
        message = (
            f"Nodes of version {asked} cannot join a cluster of {cluster}: they may be {SKEW} behind it, not ahead."
        )
        raise AwsError("InvalidParameterException", message)
    if asked != here:
        raise unsupported(f"nodes of Kubernetes {asked}: the nodes here are {here}")
