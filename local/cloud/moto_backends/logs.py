"""CloudWatch Logs: a metric filter of the same name is replaced; its log group exists and counts its filters."""

from __future__ import annotations

from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.metric_filters import MetricFilters
from moto.logs.models import LogGroup, LogsBackend, logs_backends

_add: Any = MetricFilters.add_filter
_put: Any = LogsBackend.put_metric_filter
_delete = LogsBackend.delete_metric_filter
_delete_group = LogsBackend.delete_log_group
_describe_group = LogGroup.to_describe_dict


def install() -> None:
    """Replaces methods of moto's classes, so that pickles keep referring to those classes."""
    setattr(MetricFilters, "add_filter", _replaced)  # noqa: B010  (with fewer names than moto's)
    setattr(LogsBackend, "put_metric_filter", _put_of_group)  # noqa: B010
    LogsBackend.delete_metric_filter = _deleted
    LogsBackend.delete_log_group = _group_deleted
    LogGroup.to_describe_dict = _counted


def _replaced(self: Any, filter_name: str, filter_pattern: str, log_group_name: str, *more: Any) -> None:
    self.delete_filter(filter_name, log_group_name)
    _add(self, filter_name, filter_pattern, log_group_name, *more)


def _put_of_group(self: Any, filter_name: str, filter_pattern: str, log_group_name: str, *more: Any) -> None:
    if log_group_name not in self.groups:
        raise ResourceNotFoundException("The specified log group does not exist.")
    _put(self, filter_name, filter_pattern, log_group_name, *more)


def _deleted(self: Any, filter_name: str | None = None, log_group_name: str | None = None) -> None:
    if not any(known["filterName"] == filter_name for known in self.filters.get_matching_filters(None, log_group_name)):
        raise ResourceNotFoundException("The specified metric filter does not exist.")
    _delete(self, filter_name, log_group_name)


def _group_deleted(self: Any, log_group_name: str) -> None:
    _delete_group(self, log_group_name)
    for known in self.filters.get_matching_filters(None, log_group_name):
        self.filters.delete_filter(known["filterName"], log_group_name)


def _counted(self: Any) -> dict[str, Any]:
    filters = logs_backends[self.account_id][self.region].filters
    return {**_describe_group(self), "metricFilterCount": len(filters.get_matching_filters(None, self.name))}
