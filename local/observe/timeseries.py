"""Heart rate, HRV and stress events of recent users, from the time-series store."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import class_row

from contracts.platform import TABLE_EVENTS, TABLE_HRV
from local.observe.model import StressEpisode, UserActivity, Window

WINDOWS = f"""
    SELECT (extract(epoch FROM at) * 1000)::bigint AS at, hr AS heart_rate, rmssd, quality
    FROM {TABLE_HRV} WHERE user_id = %s AND at > (SELECT max(at) - interval '45 minutes' FROM {TABLE_HRV}
    WHERE user_id = %s) ORDER BY at"""
EPISODES = f"""
    SELECT event_id, (extract(epoch FROM raised_at) * 1000)::bigint AS raised,
           (extract(epoch FROM responded_at) * 1000)::bigint AS answered,
           (evidence->>'heart_rate')::real AS heart_rate, (evidence->>'baseline_heart_rate')::real AS baseline,
           (extract(epoch FROM responded_at - received_at) * 1000)::bigint AS seen_after_ms
    FROM {TABLE_EVENTS} WHERE user_id = %s ORDER BY raised_at DESC LIMIT 20"""
RECENT = f"""
    SELECT user_id FROM (
        SELECT user_id, max(at) AS last FROM {TABLE_HRV}
        WHERE at > (SELECT max(at) FROM {TABLE_HRV}) - interval '10 minutes' GROUP BY user_id) AS live
    LEFT JOIN (SELECT user_id, max(raised_at) AS event FROM {TABLE_EVENTS} GROUP BY user_id) AS e USING (user_id)
    ORDER BY event DESC NULLS LAST, last DESC LIMIT %s"""


def recent_users(connection: psycopg.Connection[Any], limit: int = 24) -> list[str]:
    """Ids of users whose beats arrived last; those with a recent stress event first."""
    return [row[0] for row in connection.execute(RECENT, (limit,))]


def user_activity(connection: psycopg.Connection[Any], user: str) -> UserActivity:
    """The last 45 minutes of one user."""
    with connection.cursor(row_factory=class_row(Window)) as cursor:
        windows = cursor.execute(WINDOWS, (user, user)).fetchall()
    with connection.cursor(row_factory=class_row(StressEpisode)) as cursor:
        episodes = cursor.execute(EPISODES, (user,)).fetchall()
    return UserActivity(user, windows, sorted(episodes, key=lambda e: e.raised))
