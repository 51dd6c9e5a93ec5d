"""The rules of CloudFront by operation."""

from __future__ import annotations

from local.cloud.strict.cloudfront import distributions, versions

TABLES = (versions.RULES, distributions.RULES)
