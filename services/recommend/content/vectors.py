"""Vectors of query texts, cached in Redis.

The cache is shared because there are few texts (a handful of severities times preferences), every Pod needs the same
ones, and a Pod that has just started finds them there. A vector belongs to the model that computed it, so the model's
digest is part of the key.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import cast

import numpy as np
from numpy.typing import NDArray
from redis.asyncio import Redis

from services.recommend import metrics
from services.recommend.content.embedding import DIMENSIONS, Embedder

VECTOR_KEY = "recommend:vector:"
TTL_SECONDS = 7 * 86_400
_BYTES = DIMENSIONS * 4
_LITTLE_ENDIAN = np.dtype("<f4")


class QueryVectors:
    """`get` returns the unit vector of a text; raises RedisError."""

    def __init__(self, redis: Redis, embedder: Embedder) -> None:
        self._redis = redis
        self._embedder = embedder

    async def get(self, text: str) -> NDArray[np.float32]:
        key = f"{VECTOR_KEY}{self._embedder.model}:{hashlib.sha256(text.encode()).hexdigest()}"
        cached = cast(bytes | None, await self._redis.get(key))
        if cached is not None and len(cached) == _BYTES:
            metrics.vectors.labels("kept").inc()
            return np.frombuffer(cached, _LITTLE_ENDIAN)
        vector = (await asyncio.to_thread(self._embedder.embed, [text]))[0]
        metrics.vectors.labels("computed").inc()
        await self._redis.set(key, vector.astype(_LITTLE_ENDIAN).tobytes(), ex=TTL_SECONDS)
        return vector
