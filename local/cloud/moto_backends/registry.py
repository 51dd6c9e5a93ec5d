"""Which backends moto has, and which of them were used since the state was saved last.

moto makes a backend when it is used first, in a read too. So every use is noted: what was used is compared with the
state on disk before the answer.
"""

from __future__ import annotations

from typing import Any

from moto import backends
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.core.common_models import BaseModel
from moto.iam import models as iam

from local.cloud.moto_backends.admitted import refuse_unless_admitted

Key = tuple[str, str, str]
"""moto's package, account, and region or partition. Not the name of the service: several packages have "ec2"."""

_used: set[BaseBackend] = set()
_get_backend = AccountSpecificBackend.__getitem__
_mark_account_as_visited = iam.mark_account_as_visited


def install() -> None:
    """Replaces functions of moto: its dictionaries of backends note each use and make no backend that is not admitted.

    Instances are no longer collected in a list of their class, which would keep each one in memory for ever.
    """
    AccountSpecificBackend.__getitem__ = _noted  # pyright: ignore[reportAttributeAccessIssue]
    AccountSpecificBackend.values = _all_noted  # pyright: ignore[reportAttributeAccessIssue]
    AccountSpecificBackend.items = _all_items_noted  # pyright: ignore[reportAttributeAccessIssue]
    BaseModel.__new__ = _untracked  # pyright: ignore[reportAttributeAccessIssue]
    iam.mark_account_as_visited = _visited


def key_of(backend: BaseBackend) -> Key:
    return type(backend).__module__.split(".")[1], backend.account_id, backend.region_name


def every() -> dict[Key, BaseBackend]:
    """All backends that exist; makes none."""
    return {
        (services.backend.__module__.split(".")[1], account, region): backend
        for services in list(BackendDict._instances)  # pyright: ignore[reportGeneralTypeIssues]
        for account, regions in list(dict.items(services))
        for region, backend in list(dict.items(regions))
    }


def get(key: Key) -> BaseBackend:
    """The backend, made without attributes when there is none."""
    service, account, region = key
    regions = _regions(service, account)
    if region not in dict.keys(regions):
        dict.__setitem__(regions, region, object.__new__(regions.backend))
    return dict.__getitem__(regions, region)


def put(key: Key, backend: BaseBackend) -> None:
    service, account, region = key
    dict.__setitem__(_regions(service, account), region, backend)


def clear() -> None:
    """Removes all backends."""
    for key in every():
        remove(key)
    _used.clear()


def remove(key: Key) -> None:
    """Removes the backend; moto makes another one when it is used next."""
    service, account, region = key
    dict.pop(_regions(service, account), region, None)


def take_used() -> set[BaseBackend]:
    """The backends used since the last call."""
    used = set(_used)
    _used.clear()
    return used


def note(used: set[BaseBackend]) -> None:
    """As if these were used now."""
    _used.update(used)


def _regions(service: str, account: str) -> Any:
    find: Any = backends.get_backend  # its overloads list names of services, not of packages
    return find(service)[account]


def _noted(self: Any, region: str) -> Any:
    if region not in dict.keys(self) and region != "global":
        refuse_unless_admitted(self.backend.__module__.split(".")[1])
    backend = _get_backend(self, region)
    _used.add(backend)
    return backend


def _all_noted(self: Any) -> Any:
    _used.update(dict.values(self))
    return dict.values(self)


def _all_items_noted(self: Any) -> Any:
    _used.update(dict.values(self))
    return dict.items(self)


def _untracked(cls: Any, *_: Any, **__: Any) -> Any:
    return super(BaseModel, cls).__new__(cls)


def _visited(account_id: str, access_key: str, service: str, region: str) -> None:
    """moto's, for keys that IAM knows; for all others it would do nothing but use IAM."""
    known = dict.get(dict.get(iam.iam_backends, account_id) or {}, "aws")
    if known is not None and access_key in known.access_keys:
        _mark_account_as_visited(account_id, access_key, service, region)
