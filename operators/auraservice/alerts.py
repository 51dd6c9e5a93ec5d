"""ServiceMonitor and PrometheusRule of a service. Pure.

Alerts watch the burn rate of the error budget over a long and a short window at once: the long one shows that it is
significant, the short one that it still continues (Site Reliability Workbook, chapter 5, table 5-8).
"""

from __future__ import annotations

from contracts.auraservice import AuraServiceSpec, Objectives
from contracts.durations import seconds
from contracts.platform import OUTBOX_DELAYED, READER_STALLED
from operators.kubernetes.manifest import Manifest, Owner

_API = "monitoring.coreos.com/v1"
STALLED_SECONDS = 60
"""As long as a sink of a dataflow may write nothing. A reader retries a store that is away after 30 s at most."""
_BURN_RATES = [("1h", "5m", 14.4, "page"), ("6h", "30m", 6.0, "page"), ("3d", "6h", 1.0, "ticket")]
"""Long window, short window, burn rate, severity."""


def alerts(owner: Owner, spec: AuraServiceSpec) -> list[Manifest]:
    """ServiceMonitor, and a PrometheusRule where the service has objectives, or reads or writes topics."""
    endpoints = [{"port": "http", "path": "/metrics", "interval": "15s"}]
    scrape = {"selector": {"matchLabels": owner.labels}, "endpoints": endpoints}
    objects = [owner.manifest(_API, "ServiceMonitor", owner.name, {"spec": scrape})]
    groups: list[Manifest] = []
    if spec.objectives and (rules := _rules(owner.name, spec.objectives)):
        groups.append({"name": f"{owner.name}-objectives", "rules": rules})
    if "kafka" in spec.needs:
        groups.append({"name": f"{owner.name}-topics", "rules": [_stalled(owner.name), _delayed(owner.name)]})
    if groups:
        objects.append(owner.manifest(_API, "PrometheusRule", owner.name, {"spec": {"groups": groups}}))
    return objects


def _rules(name: str, objectives: Objectives) -> list[Manifest]:
    rules: list[Manifest] = []
    if objectives.availability is not None:
        budget = 1 - objectives.availability / 100
        for long, short, burn, severity in _BURN_RATES:
            threshold = f"{burn * budget:.6g}"
            rules.append(
                {
                    "alert": f"ErrorBudgetBurn{long.upper()}",
                    "expr": f"{_error_ratio(name, long)} > {threshold} and {_error_ratio(name, short)} > {threshold}",
                    "labels": {"service": name, "severity": severity},
                    "annotations": {
                        "summary": f"{name} fails more than {objectives.availability} % availability allows",
                        "description": f"Over {long} and {short}, {burn:g} times the errors that the objective allows.",
                    },
                }
            )
    if objectives.latency_p99 is not None:
        rate = f'sum by (le) (rate(aura_http_request_seconds_bucket{{service="{name}"}}[5m]))'
        rules.append(
            {
                "alert": "SlowRequests",
                "expr": f"histogram_quantile(0.99, {rate}) > {seconds(objectives.latency_p99):g}",
                "for": "5m",
                "labels": {"service": name, "severity": "page"},
                "annotations": {"summary": f"{name}: 1 of 100 requests takes more than {objectives.latency_p99}"},
            }
        )
    return rules


def _stalled(name: str) -> Manifest:
    """What it reads is the work of nobody else, and its requests are answered meanwhile: it stays ready."""
    expression = f'max by (topic, group) ({READER_STALLED}{{service="{name}"}}) > {STALLED_SECONDS:g}'
    summary = f"{name} applies no records of {{{{ $labels.topic }}}}"
    why = "Nothing is lost: they wait in the topic. `reading_delayed` in its log says why."
    return _page(name, "ReaderStalled", expression, summary, why)


def _delayed(name: str) -> Manifest:
    """Each of its Pods asks the database, which is the same for all."""
    expression = f'max({OUTBOX_DELAYED}{{service="{name}"}}) > {STALLED_SECONDS:g}'
    why = "Nothing is lost: they wait in its database. `events_delayed` in its log says why."
    return _page(name, "EventsDelayed", expression, f"{name} does not send its events", why)


def _page(name: str, alert: str, expression: str, summary: str, description: str) -> Manifest:
    return {
        "alert": alert,
        "expr": expression,
        "labels": {"service": name, "severity": "page"},
        "annotations": {"summary": summary, "description": description},
    }


def _error_ratio(name: str, window: str) -> str:
    failed = f'sum(rate(aura_http_requests_total{{service="{name}",status=~"5.."}}[{window}]))'
    return f'({failed} / sum(rate(aura_http_requests_total{{service="{name}"}}[{window}])))'
