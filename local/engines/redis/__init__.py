"""Redis: the engine of an ElastiCache node."""

from local.engines.redis.server import Redis
from local.engines.redis.transport import Tls
from local.engines.redis.users import Access

__all__ = ["Access", "Redis", "Tls"]
