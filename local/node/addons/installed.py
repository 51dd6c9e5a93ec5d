"""Which EKS add-ons the cluster has: a file that the EKS service writes and the process of the add-ons reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.engines.runtime.files import write as write_file

METRICS_SERVER = "metrics-server"
EBS_CSI_DRIVER = "aws-ebs-csi-driver"
VPC_CNI = "vpc-cni"

_FILE = "installed.json"
_WITHOUT_FILE: Mapping[str, Mapping[str, Any]] = {METRICS_SERVER: {}, EBS_CSI_DRIVER: {}, VPC_CNI: {}}
"""Nobody has said which the cluster has: those that Pods of the platform need, with their defaults."""

Addons = Mapping[str, Mapping[str, Any]]
"""Name of the add-on -> its configurationValues, parsed."""


def write(folder: Path, addons: Addons) -> None:
    """Says which add-ons the cluster has whose add-ons process has `folder`; takes effect while that runs."""
    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / _FILE, json.dumps(addons, sort_keys=True).encode())


def read(folder: Path) -> Addons:
    try:
        return json.loads((folder / _FILE).read_text())
    except FileNotFoundError:
        return _WITHOUT_FILE
