"""Connections of the provider to its servers, kept from one question to the next.

The control loop asks each server many times a second, and a new connection with TLS first reads all authorities that
the machine trusts: 10 ms of processor time.
"""

from __future__ import annotations

import functools
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.connection import SSLConnection
from redis.retry import Retry

from local.engines.redis.users import ADMINISTRATOR

_SECONDS = 2.0
"""For an answer: a server that takes longer hangs, and the control loop has others to look at."""
_SERVERS = 256
"""Whose connections are kept at most; a pair has two, and tests some dozens."""


def client(address: str, port: int, password: str | None, authority: Path | None) -> redis.Redis:
    """Of the server at that address. `password` is its administrator's, None if it has no users; `authority` certifies
    it, None if it speaks without TLS. A kept connection that the server has closed is opened anew; nothing else is
    tried twice."""
    return redis.Redis(connection_pool=_pool(address, port, password, authority))


@functools.lru_cache(_SERVERS)
def _pool(address: str, port: int, password: str | None, authority: Path | None) -> redis.ConnectionPool:
    settings = {"socket_timeout": _SECONDS, "socket_connect_timeout": _SECONDS, "retry": Retry(NoBackoff(), 0)}
    if password is not None:
        settings |= {"username": ADMINISTRATOR, "password": password}
    if authority is not None:
        settings |= {"connection_class": SSLConnection, "ssl_ca_certs": str(authority), "ssl_check_hostname": True}
    return redis.ConnectionPool(host=address, port=port, **settings)
