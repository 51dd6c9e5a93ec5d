"""Server access logs: many records an object, some time after the requests, as S3 delivers them.

moto would write an object a request, so that a bucket that is asked often would have ten thousand after an hour. S3
delivers within a few hours, and does not promise each record; here records that were not delivered yet end with the
process. Source of the format: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from moto.s3.models import S3Backend

DELIVERY_SECONDS = 300.0
"""Between the first record of an object and its delivery, with the next request after that."""


@dataclass
class _Undelivered:
    since: float
    records: list[str] = field(default_factory=list)


_waiting: dict[tuple[int, str, str], _Undelivered] = {}
"""By backend, bucket and prefix of the log."""


def install() -> None:
    """Replaces a method of moto's class."""
    S3Backend.log_incoming_request = _log


def record(method: str, url: str, agent: str, bucket: str, at: datetime) -> str:
    """A line; what is not known of the request, such as its answer, is "-"."""
    split = urlsplit(url)
    key = split.path.strip("/").removeprefix(bucket).lstrip("/") or "-"
    operation = f"REST.{method}.{'OBJECT' if key != '-' else 'BUCKET'}"
    uri = f"{method} {split.path or '/'}{'?' + split.query if split.query else ''} HTTP/1.1"
    head = f"- {bucket} [{at:%d/%b/%Y:%H:%M:%S +0000}] - - {secrets.token_hex(8).upper()} {operation} {key}"
    return f'{head} "{uri}" - - - - - - "-" "{agent}" - - - - - {split.netloc} - - -'


def _log(self: Any, request: Any, bucket_name: str) -> None:
    bucket = dict.get(self.buckets, bucket_name)
    if bucket is None or not bucket.logging:
        return
    target, prefix = bucket.logging["TargetBucket"], bucket.logging.get("TargetPrefix") or ""
    now, at = time.monotonic(), datetime.now(UTC)
    agent = str(request.headers.get("User-Agent") or "-")
    waiting = _waiting.setdefault((id(self), target, prefix), _Undelivered(now))
    waiting.records.append(record(request.method, request.url, agent, bucket_name, at))
    if now - waiting.since >= DELIVERY_SECONDS and target in self.buckets:
        del _waiting[id(self), target, prefix]
        name = f"{prefix}{at:%Y-%m-%d-%H-%M-%S}-{secrets.token_hex(8).upper()}"
        self.put_object(target, name, value="\n".join([*waiting.records, ""]).encode())
