"""The domain of a request."""

from __future__ import annotations

import re

from local.cloud.service.errors import AwsError
from local.cloud.svc.opensearch.model import Domain, OpenSearchState

_ARN = re.compile(r"arn:aws[\w-]*:es:[\w-]+:\d{12}:domain/([a-z][a-z0-9-]+)")


def domain_of(state: OpenSearchState, name: str) -> Domain:
    """Raises AwsError when there is none."""
    found = state.domains.get(name)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Domain not found: {name}")
    return found


def domain_with(state: OpenSearchState, arn: str, code: str) -> Domain:
    """The domain with an ARN; raises AwsError with `code` when there is none."""
    match = _ARN.fullmatch(arn)
    found = state.domains.get(match[1]) if match else None
    if found is None or found.arn != arn:
        raise AwsError(code, f"Invalid ARN. Domain not found: {arn}")
    return found
