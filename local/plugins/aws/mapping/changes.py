"""Which inputs differ between two declarations of a resource, and what that does to it."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.inputs import Effect
from local.plugins.aws.kind import Kind
from local.plugins.aws.mapping.responses import document
from local.plugins.provider.values import UNKNOWN, Values


def changes(kind: Kind, old: Values, new: Values) -> dict[str, Effect]:
    """Effects by the names of the kind's table. A document written in another way is no change."""

    def same(name: str, before: Any, after: Any) -> bool:
        both = isinstance(before, str) and after is not UNKNOWN
        return both and name in kind.documents and document(before) == document(after)

    return kind.inputs.changes(old, new, same)
