"""Clients of one region, and what their errors mean to a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from runbooks.ports import Outrun, Refused, Unreachable

Connect = Callable[[str, str, Config], Any]
"""A boto3 client of a service in a region; who runs the plan says with which credentials."""

CONFIG = Config(connect_timeout=2, read_timeout=8, retries={"total_max_attempts": 2}, max_pool_connections=8)
"""Short: what does not answer is asked again by the plan, and shown."""
_NO_CREDENTIALS = (
    *(NoCredentialsError, PartialCredentialsError, CredentialRetrievalError),
    *(SSOError, TokenRetrievalError),
)
_LATER = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "ServiceUnavailable", "InternalFailure"}


@contextmanager
def answers(whom: str, outrun: tuple[str, ...] = ()) -> Iterator[None]:
    """Translates errors: no answer, or one of another moment, into Unreachable; a refusal into Refused. Missing
    credentials are of this side, so they are Refused."""
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        code, status = said.get("Code", ""), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        text = f"{whom}: {code} {said.get('Message', '')}".strip()
        if code in outrun:
            raise Outrun(text) from error
        if code in _LATER or status >= 500 or not code:
            raise Unreachable(text) from error
        raise Refused(text) from error
    except _NO_CREDENTIALS as error:  # of this side: that region may be well
        raise Refused(f"{whom} was not asked: {error}. Sign in to AWS again, and resume") from error
    except (BotoCoreError, OSError) as error:
        raise Unreachable(f"{whom} does not answer ({type(error).__name__})") from error
