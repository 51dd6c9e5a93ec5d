"""Policies and their quotas, names, and what belongs to AWS. Source: IAM User Guide, "IAM and AWS STS quotas" and "IAM
JSON policy elements reference"; IAM API Reference, errors of each operation."""

from __future__ import annotations

from local.cloud.strict.iam.rules import RULES

__all__ = ["RULES"]
