"""EC2: the default key of EBS can be read, and given back to AWS's own."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.elastic_block_store import ElasticBlockStore


def install() -> None:
    """Adds methods to moto's class."""
    ElasticBlockStore.get_ebs_default_kms_key_id = _get  # pyright: ignore[reportAttributeAccessIssue]
    ElasticBlockStore.reset_ebs_default_kms_key_id = _reset  # pyright: ignore[reportAttributeAccessIssue]


def _get(self: Any) -> ActionResult:
    backend = self.ec2_backend
    return ActionResult({"KmsKeyId": backend.default_kms_key_id or backend._create_default_encryption_key()})


def _reset(self: Any) -> ActionResult:
    return ActionResult({"KmsKeyId": self.ec2_backend._create_default_encryption_key()})
