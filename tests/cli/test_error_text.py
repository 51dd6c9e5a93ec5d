"""The text of an exception."""

from __future__ import annotations

import socket

import pytest
import urllib3
from urllib3.exceptions import MaxRetryError

from local.observe.errors import first_line


def test_the_innermost_of_nested_errors_is_reported() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(MaxRetryError) as raised:
            urllib3.PoolManager().request("GET", f"https://127.0.0.1:{port}/apis/{'x' * 200}", retries=1)
    text = first_line(raised.value)
    assert text.endswith("Connection refused")
    assert f"port={port}" in text


def test_a_long_line_ends_with_a_whole_word() -> None:
    text = first_line(ValueError("word " * 100 + "\nmore"))
    assert len(text) <= 160
    assert text.endswith("word …")


def test_an_error_without_a_message_is_named_by_its_class() -> None:
    assert first_line(TimeoutError()) == "TimeoutError"
