"""Ports of a node's own address."""

from __future__ import annotations

POD_IDENTITY = 2703
"""Of the agent that gives Pods the credentials of their role."""
