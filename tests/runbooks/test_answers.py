"""What an error of AWS means to a step: no answer proves a loss, so nothing of this side may look like one."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    UnauthorizedSSOTokenError,
)

from runbooks.adapters.aws import answers
from runbooks.adapters.probes import CallProbe
from runbooks.ports import Refused, Unreachable


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "DescribeDBInstances")


AWAY = [
    EndpointConnectionError(endpoint_url="https://rds"),
    ConnectTimeoutError(endpoint_url="https://rds"),
    refusal("Oops", 503),
]
HERE = [NoCredentialsError(), UnauthorizedSSOTokenError(), refusal("ExpiredToken", 403)]


def probed(error: Exception) -> str | None:
    def call() -> None:
        with answers("RDS of us-west-2"):
            raise error

    return CallProbe("its RDS API", call, (Unreachable,)).answers()


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_a_region_that_does_not_answer_may_be_lost(error: Exception) -> None:
    assert probed(error) is None


@pytest.mark.parametrize("error", HERE, ids=lambda error: type(error).__name__)
def test_missing_or_expired_credentials_prove_no_loss(error: Exception) -> None:
    assert "RDS of us-west-2" in (probed(error) or "")


def test_missing_credentials_are_refused_with_what_to_do() -> None:
    expected = r"was not asked: Unable to locate credentials\. Sign in to AWS again"
    with pytest.raises(Refused, match=expected), answers("RDS of us-west-2"):
        raise NoCredentialsError
