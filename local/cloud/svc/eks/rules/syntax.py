"""Names, labels, taints and tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
"""The part of a label's key after its prefix, and its value (Kubernetes, "Labels and Selectors")."""
_PREFIX = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SERVICE_ACCOUNT_LENGTH = 253
_RESERVED = ("kubernetes.io", "k8s.io", "eks.amazonaws.com")
_TAGS, _TAG_KEY, _TAG_VALUE = 50, 128, 256
_TAINTS = 50
_ARN = re.compile(r"arn:aws[\w-]*:eks:[a-z0-9-]+:\d{12}:[a-z-]+/.+")


def is_label_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    return bool(_NAME.fullmatch(name)) and (not slash or (len(prefix) <= 253 and bool(_PREFIX.fullmatch(prefix))))


def is_label_value(value: str) -> bool:
    return not value or bool(_NAME.fullmatch(value))


def is_namespace(name: str) -> bool:
    return bool(_NAMESPACE.fullmatch(name))


def is_service_account(name: str) -> bool:
    """A DNS subdomain, as every name of a Kubernetes ServiceAccount."""
    return len(name) <= _SERVICE_ACCOUNT_LENGTH and bool(_PREFIX.fullmatch(name))


def is_arn(arn: str) -> bool:
    """Whether it is one of EKS's, with a type of resource and a name."""
    return bool(_ARN.fullmatch(arn))


def bad_labels(labels: Mapping[str, str]) -> str | None:
    for key, value in labels.items():
        if not is_label_key(key) or not is_label_value(value):
            return f"The label {key}={value} is no label of Kubernetes."
        prefix = key.rpartition("/")[0]
        if any(prefix == reserved or prefix.endswith(f".{reserved}") for reserved in _RESERVED):
            return f"Label cannot contain reserved prefixes {[f'{reserved}/' for reserved in _RESERVED]}: {key}"
    return None


def bad_taints(taints: list[dict[str, Any]]) -> str | None:
    for taint in taints:
        if not is_label_key(taint.get("key", "")) or not is_label_value(taint.get("value", "")):
            return f"The taint {taint.get('key', '')}={taint.get('value', '')} is no taint of Kubernetes."
        if "effect" not in taint:
            return f"The taint {taint['key']} has no effect."
    if len({(taint["key"], taint["effect"]) for taint in taints}) < len(taints):
        return "Two taints have the same key and effect."
    return f"A node group has at most {_TAINTS} taints." if len(taints) > _TAINTS else None


def bad_tags(tags: Mapping[str, str]) -> str | None:
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            return f"The tag key {key} starts with aws:, which is reserved for AWS use."
        if not 1 <= len(key) <= _TAG_KEY or len(value) > _TAG_VALUE:
            return f"The tag {key[:40]} is too long: {_TAG_KEY} characters for a key, {_TAG_VALUE} for a value."
    return f"A resource has at most {_TAGS} tags." if len(tags) > _TAGS else None
