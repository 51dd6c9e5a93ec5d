"""The rules of CloudFront."""

from __future__ import annotations

from local.cloud.strict.cloudfront import distributions, versions

TABLES = (versions, distributions)
"""Modules with rules by operation."""
