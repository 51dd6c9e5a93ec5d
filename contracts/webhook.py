"""The signed webhook by which the dataflow requests a response to a stress event.

The body is the JSON of a `StressEvent`. The signature covers the timestamp: a captured request that is replayed after
TOLERANCE_SECONDS is refused. Replayed sooner it is like a retry and gets the same response: the event id is the
idempotency key, and responses are stored far longer than the tolerance.
"""

from __future__ import annotations

import hashlib
import hmac
import re

SIGNATURE = "X-Aura-Signature"
TIMESTAMP = "X-Aura-Timestamp"
IDEMPOTENCY_KEY = "Idempotency-Key"
TRACE_ID = "X-Trace-Id"
TOLERANCE_SECONDS = 300
USEFUL_SECONDS = 600
"""How long after the arrival of its beats an event is worth a response; counted from arrival, since a wearable that was
offline sends late, and its user is present when it does."""
_UNIX_SECONDS = re.compile(r"[0-9]{1,12}")


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Hex HMAC-SHA256 over "<Unix seconds>.<body>"."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def verification_error(secret: str, timestamp: str, signature: str, body: bytes, now: int) -> str | None:
    """Why the signature of a request is invalid, or None; `now` in Unix seconds."""
    if not _UNIX_SECONDS.fullmatch(timestamp) or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return f"{TIMESTAMP} is missing or more than {TOLERANCE_SECONDS} s from now"
    if not hmac.compare_digest(sign(secret, int(timestamp), body).encode(), signature.encode()):
        return f"{SIGNATURE} does not match the body"
    return None
