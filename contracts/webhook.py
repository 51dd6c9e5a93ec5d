"""The signed webhook by which the dataflow asks for a response to a stress event.

The body is the JSON of a `StressEvent`; the signature covers the moment of sending, so that an old request cannot be
sent again. The event id is the idempotency key: the receiver answers a repeat as it answered the first.
"""

from __future__ import annotations

import hashlib
import hmac

SIGNATURE = "X-Aura-Signature"
TIMESTAMP = "X-Aura-Timestamp"
IDEMPOTENCY_KEY = "Idempotency-Key"
TRACE_ID = "X-Trace-Id"
TOLERANCE_SECONDS = 300


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Hex HMAC-SHA256 over "<Unix seconds>.<body>"."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def refusal(secret: str, timestamp: str, signature: str, body: bytes, now: int) -> str | None:
    """Why a request is not to be trusted, or None; `now` in Unix seconds."""
    if not timestamp.isdigit() or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return f"{TIMESTAMP} is missing or more than {TOLERANCE_SECONDS} s from now"
    if not hmac.compare_digest(sign(secret, int(timestamp), body), signature):
        return f"{SIGNATURE} does not match the body"
    return None
