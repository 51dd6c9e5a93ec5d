"""Paths of the endpoint that AWS does not have."""

from __future__ import annotations

HEALTH = "/_aura/health"
"""Process id and home of the endpoint, and what it lost when it started."""
ENGINES = "/_aura/engines"
"""ARN -> status, running, trouble of each resource that has an engine."""
TOKEN_REVIEW = "/_aura/token-review"
"""<this>/<region>/<cluster>: the TokenReview webhook of an API server."""
AUTHORIZATION = "/_aura/authorization"
"""<this>/<region>/<cluster>: the authorization webhook of an API server."""
POD_IDENTITY = "/_aura/pod-identity"
"""<this>/<region>/<cluster>: the webhook that gives Pods the means to get their role's credentials."""
