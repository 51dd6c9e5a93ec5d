"""Moments in requests of our own services."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from local.cloud.service.base import moment
from tests.fixtures.cloud import Cloud, code

SERVICES = ("rds", "elasticache")


@pytest.mark.parametrize("text", ["1767225600", "2026-01-01T00:00:00", "2026-01-01T02:00:00+02:00", "20260101T000000Z"])
def test_a_moment_has_a_zone_and_without_one_is_in_utc(text: str) -> None:
    assert moment(text) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["1e20", "99999999999999999", "tomorrow", ""])
def test_what_no_calendar_has_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="timestamp"):
        moment(text)


@pytest.mark.parametrize("service", SERVICES)
def test_events_of_a_period_that_is_not_kept_any_more_are_refused(cloud: Cloud, service: str) -> None:
    client, now = cloud.client(service), datetime.now(UTC)
    assert code(client.describe_events, EndTime=now - timedelta(days=30)) == "InvalidParameterValue"
    assert "Events" in client.describe_events(EndTime=now - timedelta(days=1))
