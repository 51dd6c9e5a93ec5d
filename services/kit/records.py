"""Headers of the records that services send."""

from __future__ import annotations

EVENT_ID = "event-id"
"""The same when a record is sent again."""
TRACE_ID = "trace-id"
"""Of the request that the record came of; "" if it came of none."""
