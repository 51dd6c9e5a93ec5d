"""GetHealthCheckStatus and GetHealthCheckLastFailureReason say what the health checkers saw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.route53 import urls
from moto.route53.responses import Route53

from local.dns.model import Observations

_LAST_FAILURE = r"{0}/(?P<api_version>[\d_-]+)/healthcheck/(?P<health_check_id>[^/]+)/lastfailurereason$"
"""The path, in the form of moto's; it has none for this operation."""
_CHECKER = {"Region": "us-west-2", "IPAddress": "127.0.0.1"}
"""There is one here, where AWS has some in each of several regions."""


def install(observed: Callable[[], Observations]) -> None:
    """Replaces methods of moto's class."""

    def status(self: Any) -> ActionResult:
        seen = _of(self)
        return _report(seen.status, seen.at) if seen else _none()

    def last_failure(self: Any) -> ActionResult:
        seen = _of(self)
        return _report(seen.failure, seen.failed_at) if seen and seen.failure else _none()

    def _of(self: Any) -> Any:
        id = self._get_param("HealthCheckId")
        self.backend.get_health_check(id)
        return observed().get(id)

    Route53.get_health_check_status = status
    urls.url_paths[_LAST_FAILURE] = Route53.dispatch
    Route53.get_health_check_last_failure_reason = last_failure  # pyright: ignore[reportAttributeAccessIssue]


def _report(said: str, at: float) -> ActionResult:
    report = {"Status": said, "CheckedTime": datetime.fromtimestamp(at, UTC)}
    return ActionResult({"HealthCheckObservations": [{**_CHECKER, "StatusReport": report}]})


def _none() -> ActionResult:
    return ActionResult({"HealthCheckObservations": []})
