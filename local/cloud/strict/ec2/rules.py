"""The rules of EC2."""

from __future__ import annotations

from local.cloud.strict.ec2 import ids, in_use, networks, ports, tags

TABLES = (tags, ids, networks, ports, in_use)
"""Modules with rules by operation."""
