"""A bucket for the states of streams, and a way to it that can be closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.dataflows.s3_gate import Gate
from tests.dataflows.stream import BUCKET
from tests.fixtures.cloud import REGION, Cloud


@pytest.fixture(scope="session")
def s3(cloud: Cloud) -> Any:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


@pytest.fixture
def gate(cloud: Cloud, s3: Any) -> Iterator[Gate]:
    gate = Gate(cloud.site.endpoint_url)
    yield gate
    gate.close()
