"""When a sink counts as stalled."""

from __future__ import annotations

from dataflows.biosync.sink.health import STALLED_SECONDS, SinkHealth


def test_a_sink_stalls_when_it_has_something_to_write_and_writes_nothing_for_a_minute() -> None:
    now = 1000.0
    health = SinkHealth("store", lambda: now)
    now += 10 * STALLED_SECONDS
    assert health.stalled == ""  # it has had nothing to write
    health.waiting()
    health.failed("disk full")
    now += STALLED_SECONDS - 1
    assert health.stalled == ""
    health.failed("disk still full")
    now += 1
    assert health.stalled == "store: nothing was written for 60 s: disk still full; what waits is kept"
    health.idle()
    assert health.stalled == ""
    health.waiting()
    now += STALLED_SECONDS
    assert "the last attempt has not ended" in health.stalled
