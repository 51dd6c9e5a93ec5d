"""The stores of this region, as the environment names them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import boto3
import redis
from botocore.config import Config

from contracts.connections import redis_options
from contracts.platform import (
    TOPIC_CONTENT_EVENTS,
    TOPIC_DEAD,
    TOPIC_ENTITLEMENT_EVENTS,
    TOPIC_EVENTS,
    TOPIC_RAW,
    TOPIC_USER_EVENTS,
)
from contracts.recovery_point import TopicPoint
from services.recorder.kafka import Topics, lags
from services.recorder.postgres import database_point
from services.recorder.redis import cache_point
from services.recorder.sampling import Stores
from services.recorder.settings import RecorderSettings

TOPICS = (TOPIC_RAW, TOPIC_EVENTS, TOPIC_DEAD, TOPIC_USER_EVENTS, TOPIC_CONTENT_EVENTS, TOPIC_ENTITLEMENT_EVENTS)
LAG_SECONDS = 15.0
"""Between two questions about the replicator: AWS measures once a minute, and counts calls."""
_SECONDS = 3


def stores(settings: RecorderSettings) -> Stores:
    url = settings.redis_url.get_secret_value()
    options = redis_options(url, settings.ca_file)
    cache = redis.Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, **options)
    databases = {name: partial(database_point, uri.get_secret_value()) for name, uri in settings.monitor_urls.items()}
    return Stores(databases, _Topics(settings), partial(cache_point, cache))


class _Topics:
    """End offsets at every call, and the replicator's lag as it was last asked for."""

    def __init__(self, settings: RecorderSettings) -> None:
        self._topics, self._replicator = Topics(settings.kafka_client), settings.replicator
        config = Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 1})
        endpoint = settings.aws_endpoint_url or None
        self._cloudwatch: Any = boto3.client("cloudwatch", settings.aws_region, endpoint_url=endpoint, config=config)
        self._lags: dict[str, tuple[int, float]] = {}
        self._asked = 0.0
        self._asking = threading.Lock()

    def __call__(self) -> Mapping[str, TopicPoint]:
        ends, now = self._topics.ends(TOPICS), datetime.now(UTC)
        with self._asking:
            if self._replicator and now.timestamp() - self._asked >= LAG_SECONDS:
                self._lags = lags(self._cloudwatch, self._replicator, TOPICS, now)
                self._asked = now.timestamp()
        found: dict[str, TopicPoint] = {}
        for name, of_partitions in ends.items():
            lag, at = self._lags.get(name, (None, 0.0))
            found[name] = TopicPoint(of_partitions, lag, at)
        return found
