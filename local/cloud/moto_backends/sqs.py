"""Waiting for messages: moto would wait inside a request, and nobody else could send one meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.sqs.models import SQSBackend

_receive = SQSBackend.receive_message
_patience = threading.local()


class NoMessages(BaseException):
    """The queue is empty, and the request may be repeated for `seconds` from its first time on."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


def install() -> None:
    """Replaces moto's ReceiveMessage: it raises NoMessages instead of waiting."""
    SQSBackend.receive_message = _without_waiting  # pyright: ignore[reportAttributeAccessIssue]


@contextmanager
def last_time() -> Iterator[None]:
    """In this block an empty queue is answered at once."""
    _patience.over = True
    try:
        yield
    finally:
        _patience.over = False


def _without_waiting(
    self: Any, queue_name: str, count: int, wait_seconds_timeout: int, visibility_timeout: int, *more: Any, **rest: Any
) -> Any:
    messages = _receive(self, queue_name, count, 0, visibility_timeout, *more, **rest)
    if not messages and wait_seconds_timeout and not getattr(_patience, "over", False):
        raise NoMessages(wait_seconds_timeout)
    return messages
