"""KMS: every operation on a key takes its ARN too, where moto knows it by its id alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.kms.models import KmsBackend

_BY_ID = (
    *("disable_key", "enable_key", "cancel_key_deletion", "schedule_key_deletion", "replicate_key"),
    *("list_aliases", "list_grants", "revoke_grant", "retire_grant", "rotate_key_on_demand"),
)


def install() -> None:
    """Replaces methods of moto's class, so that pickles keep referring to that class."""
    for name in _BY_ID:
        setattr(KmsBackend, name, _by_any_name(getattr(KmsBackend, name)))


def _by_any_name(method: Callable[..., Any]) -> Callable[..., Any]:
    def called(self: Any, key_id: str | None = None, *arguments: Any, **named: Any) -> Any:
        return method(self, self.get_key_id(key_id) if key_id else key_id, *arguments, **named)

    return called
