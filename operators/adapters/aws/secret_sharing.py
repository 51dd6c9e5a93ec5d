"""Whose a secret is, and who else may read it. Pure.

The first part of its name is the service or stream that owns it. Whoever may tag it in AWS says who else reads it: a
custom resource that names a secret proves nothing, because its author may not be allowed to see that secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contracts.platform import READERS_TAG


def owner(name: str) -> str:
    """`auth` of `auth/signing-key`."""
    return name.partition("/")[0]


def readers(tags: Mapping[str, str]) -> frozenset[str]:
    """The names in a secret's tag READERS_TAG."""
    return frozenset(tags.get(READERS_TAG, "").split())


def refusal(name: str, reader: str, shared_with: Iterable[str]) -> str | None:
    """Why `reader`, by its name, may not read the secret; None if it may."""
    if reader == owner(name) or reader in shared_with:
        return None
    return (
        f"secret {name} belongs to {owner(name)}, which does not share it with {reader}; name a secret of {reader}/, or"
        f" let the owner add {reader} to its tag {READERS_TAG}"
    )
