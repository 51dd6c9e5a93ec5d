"""What the policy of an upload by form allows. Source: Amazon S3 API Reference, "POST policy"."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from local.cloud.service.errors import AwsError

_FREE = ("x-amz-signature", "policy", "file", "awsaccesskeyid", "signature")
"""Fields of which a policy says nothing."""


def refusal(conditions: Iterable[Any], fields: Mapping[str, str], bucket: str, size: int) -> AwsError | None:
    """Why an upload is refused; None when it is not. `fields` are in lower case, `size` is the file's, in bytes."""
    named: set[str] = set()
    sent = {**fields, "bucket": bucket}
    for condition in conditions:
        match condition:
            case {**pairs} if len(pairs) == 1:
                ((name, value),) = pairs.items()
                test, name = "eq", str(name)
            case ["content-length-range", (int() | str()) as least, (int() | str()) as most] if _are_sizes(least, most):
                if error := _sized(size, int(least), int(most)):
                    return error
                continue
            case [("eq" | "starts-with") as test, str() as name, value]:
                name = name.removeprefix("$")
            case _:
                return _denied(f"a condition cannot be read: {json.dumps(condition)}")
        name = name.lower()
        named.add(name)
        found = sent.get(name, "")
        holds = found.startswith(str(value)) if test == "starts-with" else found == str(value)
        if not holds:
            return _denied(f"Policy Condition failed: {json.dumps(condition)}")
    for name in fields:
        if name not in named and name not in _FREE and not name.startswith("x-ignore-"):
            return _denied(f"Extra input fields: {name}")
    return None


def _are_sizes(*values: int | str) -> bool:
    """Bytes, in JSON's numbers or in decimal digits."""
    return all(str(value).isdecimal() and str(value).isascii() for value in values)


def _sized(size: int, least: int, most: int) -> AwsError | None:
    if size < least:
        return AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400)
    if size > most:
        return AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400)
    return None


def _denied(why: str) -> AwsError:
    return AwsError("AccessDenied", f"Invalid according to Policy: {why}", 403)
