"""Alerts of a service are those of what it declares."""

from __future__ import annotations

from operators.auraservice.alerts import alerts
from operators.kubernetes.manifest import Manifest
from services.kit import consumer, outbox
from tests.operators.samples import OWNER, service


def rules(*needs: str) -> dict[str, Manifest]:
    """By alert, of a service without objectives."""
    found = [one for one in alerts(OWNER, service(needs=list(needs))) if one["kind"] == "PrometheusRule"]
    return {rule["alert"]: rule for one in found for group in one["spec"]["groups"] for rule in group["rules"]}


def test_a_service_that_reads_topics_tells_of_a_reader_that_applies_nothing_for_a_minute() -> None:
    assert rules("redis") == {}
    expression = rules("kafka", "redis")["ReaderStalled"]["expr"]
    assert expression.endswith("> 60")
    metric = next(iter(consumer.stalled.describe())).name
    assert f'{metric}{{service="{OWNER.name}"}}' in expression


def test_it_tells_of_events_that_cannot_be_sent_for_a_minute() -> None:
    expression = rules("kafka")["EventsDelayed"]["expr"]
    metric = next(iter(outbox.delayed.describe())).name
    assert expression == f'max({metric}{{service="{OWNER.name}"}}) > 60'
