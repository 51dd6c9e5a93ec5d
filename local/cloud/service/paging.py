"""Pages of a list, as botocore's paginators of the service describe them."""

from __future__ import annotations

import base64
import binascii
from functools import cache
from typing import Any

import botocore.session

from local.cloud.service.errors import AwsError

_RECORDS = (20, 100)
"""Limits of MaxRecords, from the API references of RDS and ElastiCache; without it a page has 100 entries."""
_RESULTS = (1, 100)
"""Limits of MaxResults and maxResults, from the API references of MSK and EKS."""


def page(service: str, operation: str, inputs: dict[str, Any], output: dict[str, Any], invalid: str) -> dict[str, Any]:
    """The page of `output` that `inputs` ask for; `output` itself when the operation has no pages.

    `output` holds the whole list. Raises AwsError with the code `invalid` for a limit out of range, and for a token
    that this operation did not return.
    """
    paginator = _paginator(service, operation)
    if paginator.get("limit_key") not in ("MaxRecords", "MaxResults", "maxResults"):
        return output
    limit = _limit(paginator["limit_key"], inputs, invalid)
    start = _start(operation, inputs.get(paginator["input_token"]), invalid)
    within, _, result = paginator["result_key"].rpartition(".")
    whole = output[within] if within else output
    chosen = {**whole, result: whole[result][start : start + limit]}
    if start + limit < len(whole[result]):
        chosen[paginator["output_token"].rpartition(".")[2]] = _token(operation, start + limit)
    return {**output, within: chosen} if within else chosen


@cache
def _paginator(service: str, operation: str) -> dict[str, Any]:
    """Empty when the operation has no pages."""
    try:
        return botocore.session.get_session().get_paginator_model(service).get_paginator(operation)
    except ValueError:
        return {}


def _limit(key: str, inputs: dict[str, Any], invalid: str) -> int:
    least, most = _RECORDS if key == "MaxRecords" else _RESULTS
    limit = inputs.get(key, most)
    if not least <= limit <= most:
        raise AwsError(invalid, f"Invalid value {limit} for {key}. Must be between {least} and {most}.")
    return limit


def _token(operation: str, start: int) -> str:
    return base64.urlsafe_b64encode(f"{operation}:{start}".encode()).decode()


def _start(operation: str, token: str | None, invalid: str) -> int:
    if not token:
        return 0
    try:
        of, _, start = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
    except (binascii.Error, UnicodeError):
        of, start = "", ""
    if of != operation or not start.isdigit():
        raise AwsError(invalid, f"The pagination token is invalid: no answer to {operation} had it.")
    return int(start)
