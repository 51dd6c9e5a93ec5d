"""The signed webhook by which the dataflow asks for a response to a stress event.

The body is the JSON of a `StressEvent`. The signature covers the moment of sending: a captured request that is sent
again later than TOLERANCE_SECONDS is refused. Sent again sooner it is what a retry is too, and gets what the first got:
the event id is the idempotency key, and answers are kept far longer than the tolerance.
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
"""How long after its beats arrived an event is worth a response; counted from arrival, since a wearable that was out
of reach sends late, and its wearer is there when it does."""
_UNIX_SECONDS = re.compile(r"[0-9]{1,12}")


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Hex HMAC-SHA256 over "<Unix seconds>.<body>"."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def verification_error(secret: str, timestamp: str, signature: str, body: bytes, now: int) -> str | None:
    """Why a request is not to be trusted, or None; `now` in Unix seconds."""
    if not _UNIX_SECONDS.fullmatch(timestamp) or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return f"{TIMESTAMP} is missing or more than {TOLERANCE_SECONDS} s from now"
    if not hmac.compare_digest(sign(secret, int(timestamp), body).encode(), signature.encode()):
        return f"{SIGNATURE} does not match the body"
    return None
