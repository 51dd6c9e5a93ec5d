"""Paths of the endpoint that AWS does not have."""

from __future__ import annotations

HEALTH = "/_aura/health"
"""Pid and home of the endpoint."""
ENGINES = "/_aura/engines"
"""ARN -> status, running, trouble of each resource that has an engine."""
TOKEN_REVIEW = "/_aura/token-review"
"""<this>/<region>/<cluster>: where API servers ask who the bearer of an AWS token is."""
