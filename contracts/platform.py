"""Names that several packages share: what infra/ declares and operators/ passes to the Pods.

`infra/` writes the ConfigMap `aura-platform`, and what is secret into the Secret of that name; a Pod gets the keys it
needs as variables of the same name.
"""

from __future__ import annotations

from typing import Final

NAMESPACE = "aura"
PLATFORM_CONFIG = "aura-platform"

AWS_REGION = "AWS_REGION"
AWS_ENDPOINT_URL = "AWS_ENDPOINT_URL"
KAFKA_BOOTSTRAP = "KAFKA_BOOTSTRAP"
KAFKA_SECURITY_PROTOCOL = "KAFKA_SECURITY_PROTOCOL"
KAFKA_USERNAME = "KAFKA_USERNAME"
KAFKA_PASSWORD = "KAFKA_PASSWORD"
REDIS_URL = "REDIS_URL"
CA_FILE = "CA_FILE"
"""A variable of an image: a file with the authorities that certify databases, brokers and caches. Without it, those of
the system certify brokers and caches, and databases are not verified."""
MEDIA_BUCKET = "MEDIA_BUCKET"
QDRANT_URL = "QDRANT_URL"
"""A variable of `recommend`: of a Qdrant server. Without it, Qdrant runs in each of its processes."""
TOKEN_ISSUER = "TOKEN_ISSUER"
REGION_ROLE = "REGION_ROLE"
"""`passive` while another region serves."""

TOPIC_RAW = "bio-sensor-raw"
TOPIC_DEAD = "bio-sensor-dead"
TOPIC_EVENTS = "stress-events"

SIGNING_KEY_SECRET = "auth/signing-key"
WEBHOOK_SECRET = "biosync/webhook"

TABLE_HRV: Final = "hrv_1m"
TABLE_EVENTS: Final = "stress_events"

PUSH_CHANNEL = "push"
"""Redis channel on which `recommend` publishes an EmergencyCalm; every ingest process subscribes to it."""
PENDING_KEY = "push:pending:"
"""Redis hash of a user's pushes that no connection has confirmed: event id -> EmergencyCalm as JSON."""

API_HOST = "api.aurawellness.com"
STREAM_HOST = "stream.aurawellness.com"
TOKEN_AUDIENCE = "aura"
