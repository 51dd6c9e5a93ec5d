"""Access logs of buckets come as objects of many records, as S3 delivers them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from moto import backends

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends import registry
from local.cloud.moto_backends.s3 import access_logs

REQUEST = SimpleNamespace(method="GET", url="https://s3.example/read/a/b.mp3?x=1", headers={"User-Agent": "tests"})


@pytest.fixture
def s3() -> Iterator[Any]:
    registry.install()
    access_logs.install()
    registry.clear()
    backend: Any = backends.get_backend("s3")[ACCOUNT]["aws"]
    for name in ("read", "logs"):
        backend.create_bucket(f"bucket-{name}", "us-west-2")
    backend.get_bucket("bucket-read").logging = {"TargetBucket": "bucket-logs", "TargetPrefix": "read/"}
    yield backend
    registry.clear()


def test_a_record_has_the_fields_in_the_order_of_s3() -> None:
    line = access_logs.record("GET", REQUEST.url, "tests", "read", datetime(2026, 11, 29, 9, 0, tzinfo=UTC))
    assert line.startswith("- read [29/Nov/2026:09:00:00 +0000] - - ")
    assert ' REST.GET.OBJECT a/b.mp3 "GET /read/a/b.mp3?x=1 HTTP/1.1" - - - - - - "-" "tests" ' in line


def test_many_requests_are_one_object(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(50):
        s3.log_incoming_request(REQUEST, "bucket-read")
        s3.log_incoming_request(REQUEST, "bucket-logs")
    assert not s3.get_bucket("bucket-logs").keys
    monkeypatch.setattr(access_logs, "DELIVERY_SECONDS", 0.0)
    s3.log_incoming_request(REQUEST, "bucket-read")
    (delivered,) = s3.get_bucket("bucket-logs").keys.values()
    assert delivered.name.startswith("read/")
    assert len(delivered.value.splitlines()) == 51
