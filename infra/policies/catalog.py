"""All rules."""

from __future__ import annotations

from infra.policies.rule import Rule
from infra.policies.rules import (
    backups,
    bucket_block,
    bucket_encryption,
    bucket_versions,
    counterpart,
    encryption,
    exposure,
    iam,
    plain_secrets,
    protection,
    tags,
    tls,
    transit,
)

RULES: tuple[Rule, ...] = (
    encryption.RULE,
    bucket_encryption.RULE,
    transit.RULE,
    tls.RULE,
    exposure.RULE,
    bucket_block.RULE,
    bucket_versions.RULE,
    backups.RULE,
    protection.RULE,
    counterpart.RULE,
    tags.RULE,
    iam.RULE,
    plain_secrets.IN_RESOURCES,
    plain_secrets.IN_CONFIGURATION,
)
