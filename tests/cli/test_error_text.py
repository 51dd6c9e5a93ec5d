"""What people read of an exception."""

from __future__ import annotations

import socket

import pytest
import urllib3
from urllib3.exceptions import MaxRetryError

from local.observe.errors import first_line


def test_the_innermost_of_errors_that_wrap_one_another_is_told() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        with pytest.raises(MaxRetryError) as told:
            urllib3.PoolManager().request("GET", f"https://127.0.0.1:{port}/apis/{'x' * 200}", retries=1)
    said = first_line(told.value)
    assert said.endswith("Connection refused")
    assert f"port={port}" in said


def test_a_long_line_ends_with_a_whole_word() -> None:
    said = first_line(ValueError("word " * 100 + "\nmore"))
    assert len(said) <= 160
    assert said.endswith("word …")


def test_who_says_nothing_is_named() -> None:
    assert first_line(TimeoutError()) == "TimeoutError"
