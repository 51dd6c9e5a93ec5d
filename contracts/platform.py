"""Names that several packages share: what infra/ declares and operators/ passes to the Pods.

`infra/` writes the ConfigMap `aura-platform`, and what is secret into the Secret of that name; a Pod gets the keys it
needs as variables of the same name.
"""

from __future__ import annotations

from enum import StrEnum
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
OPENSEARCH_URL = "OPENSEARCH_URL"
OPENSEARCH_USERNAME = "OPENSEARCH_USERNAME"
OPENSEARCH_PASSWORD = "OPENSEARCH_PASSWORD"
TIMESERIES_PASSWORD = "TIMESERIES_PASSWORD"
"""Of the owner of the time-series store, the same in every region; in the Secret. Pods have it by the store's own."""
CA_FILE = "CA_FILE"
"""A variable of an image: a file with the authorities that certify databases, brokers, caches and search. Without it,
those of the system certify brokers, caches and search, and databases are not verified."""
MEDIA_BUCKET = "MEDIA_BUCKET"
MEDIA_URL = "MEDIA_URL"
"""Where CloudFront gives the objects of that bucket to who has a signed URL."""
MEDIA_KEY_ID = "MEDIA_KEY_ID"
"""CloudFront's id of the public key that verifies such URLs."""
STATE_BUCKET = "STATE_BUCKET"
"""Of the snapshots of streams' states."""
STREAMS = ("bio-sync",)
"""The BioStreams of manifests/base, all of them. Each has a role of its own for its snapshots: a stream that is not
named here has no access to the bucket."""
TOKEN_ISSUER = "TOKEN_ISSUER"
REGION_ROLE = "REGION_ROLE"
"""A RegionRole."""
WITNESS_BUCKET = "WITNESS_BUCKET"
"""Of the lease of the active region (lease.py), where the stack has a passive one; elsewhere the key is missing."""
WITNESS_REGION = "WITNESS_REGION"
"""Of that bucket; a key of the same stacks."""

REPLICATOR = "REPLICATOR"
"""Of MSK, its name: it copies the other region's topics to this one; a key of the same stacks."""

TOPIC_RAW = "bio-sensor-raw"
TOPIC_DEAD = "bio-sensor-dead"
TOPIC_SERVICES_DEAD = "services-dead"
"""Of records that a reader of a service could not apply; made when there is a first one (kit/rejected.py)."""
TOPIC_EVENTS = "stress-events"
TOPIC_USER_EVENTS = "user-events"
TOPIC_CONTENT_EVENTS = "content-events"
TOPIC_ENTITLEMENT_EVENTS = "entitlement-events"
SERVICE_TOPICS = (TOPIC_USER_EVENTS, TOPIC_CONTENT_EVENTS, TOPIC_ENTITLEMENT_EVENTS, TOPIC_SERVICES_DEAD)
"""Topics that services make for their own messages. No BioStream may use them: its records would come among those."""

SECRETS_PREFIX = "SECRETS_PREFIX"
"""Of the stack's secrets in Secrets Manager. Custom resources and the names below leave it out."""
SIGNING_KEY_SECRET = "auth/signing-key"
WEBHOOK_SECRET = "biosync/webhook"
MEDIA_KEY_SECRET = "content/media-key"
"""The private key of signed URLs, RSA in PEM."""
GOOGLE_CLIENT_SECRET = "auth/google-client-secret"
RECORDER_SECRET = "recorder/password"
"""Of the recorder's login at the databases, the same in both regions: a replica has the logins of its source."""
APPLE_KEY_SECRET = "auth/apple-key"
"""What Google and Apple gave the company: the owner of the account puts them in place of a value that was generated."""
STRIPE_KEY_SECRET = "payments/stripe-key"
STRIPE_WEBHOOK_SECRET = "payments/stripe-webhook"
"""Stripe's API key and what it signs webhooks with: put in place likewise."""
READERS_TAG = "aura:readers"
"""Tag of a secret: services that may read it besides its owner, separated by spaces. The owner is the first part of its
name."""

TABLE_HRV: Final = "hrv_1m"
TABLE_EVENTS: Final = "stress_events"
TABLE_EPOCHS: Final = "stream_epochs"

READER_STALLED: Final = "aura_reader_stalled_seconds"
"""Metric of a service by `topic` and `group`: for how long it has read or applied nothing, of whatever there is."""
OUTBOX_DELAYED: Final = "aura_outbox_delayed_seconds"
"""Metric of a service: the age of the oldest event in its database that is due and not sent, in seconds."""

PUSH_CHANNEL = "push"
"""Redis channel on which `recommend` publishes an EmergencyCalm; every ingest process subscribes to it."""
PENDING_KEY = "push:pending:"
"""Redis hash of a user's pushes that no connection has confirmed: event id -> EmergencyCalm as JSON."""

API_HOST = "api.aurawellness.com"
STREAM_HOST = "stream.aurawellness.com"
TOKEN_AUDIENCE = "aura"


class RegionRole(StrEnum):
    """Whether a region serves; the passive one stands by while the other does."""

    ACTIVE = "active"
    PASSIVE = "passive"


def region_prefix(region: str) -> str:
    """What the names of a region's resources begin with; it is the name of its EKS cluster."""
    return f"aura-{region}"


def secrets_prefix(stack: str) -> str:
    """What the names of a stack's secrets begin with, so that the stacks of one account do not meet."""
    return f"aura/{stack}/"
