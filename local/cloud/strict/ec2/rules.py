"""The rules of EC2 by operation."""

from __future__ import annotations

from local.cloud.strict.ec2 import ids, in_use, networks, ports, tags

TABLES = (tags.RULES, ids.RULES, networks.RULES, ports.RULES, in_use.RULES)
