"""Paths of the endpoint that AWS does not have."""

from __future__ import annotations

HEALTH = "/_aura/health"
"""Process id and home of the endpoint, and what it lost when it started."""
ENGINES = "/_aura/engines"
"""ARN -> status, running, trouble of each resource that has an engine."""
TOKEN_REVIEW = "/_aura/token-review"
"""<this>/<region>/<cluster>: the TokenReview webhook of an API server."""
