"""A caller that has given up is recognized by its connection, which waits, has more to say, or has ended."""

from __future__ import annotations

import socket

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from local.cloud.http import caller


def test_a_caller_that_closed_its_connection_is_gone_and_another_is_not() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        request = Request(EnvironBuilder(environ_overrides={"werkzeug.socket": ours}).get_environ())
        caller.check(request)
        theirs.sendall(b"another request")
        caller.check(request)
        assert ours.recv(100) == b"another request"
        theirs.close()
        with pytest.raises(caller.Gone):
            caller.check(request)
