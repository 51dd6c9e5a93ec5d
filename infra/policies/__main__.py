"""The policy pack, as the Pulumi CLI runs it: `pulumi preview --policy-pack infra/policies`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # Pulumi puts this folder alone on the path

from pulumi_policy import EnforcementLevel, PolicyPack

from infra.policies.catalog import RULES
from infra.policies.pack import policy

PolicyPack("aura", [policy(rule) for rule in RULES], EnforcementLevel.MANDATORY)
