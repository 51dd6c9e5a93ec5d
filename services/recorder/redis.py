"""How far a Redis server is in its replication stream."""

from __future__ import annotations

from typing import Any

import redis

from contracts.recovery_point import CachePoint


def cache_point(client: redis.Redis) -> CachePoint:
    """Raises redis.RedisError when it does not answer. A replica has its primary's stream id (INFO replication)."""
    info: Any = client.info("replication")
    primary = info["role"] == "master"
    offset = info["master_repl_offset"] if primary else info.get("slave_repl_offset", 0)
    return CachePoint(info["master_replid"], offset, primary, info.get("master_link_status") == "up")
