"""Tags in the form of each service; those written are `tagsAll`: the provider's default tags and the resource's."""

from __future__ import annotations

from typing import Any

import jmespath

from local.plugins.aws.kind import Call, Kind, Tags
from local.plugins.provider.values import Values


def completed(kind: Kind, inputs: Values, defaults: Values) -> Values:
    """Inputs with `tagsAll`, if the type has tags."""
    if kind.tags is None:
        return inputs
    every = {**defaults, **inputs.get("tags", {})}
    return {**inputs, "tagsAll": every} if every else inputs


def at_creation(kind: Kind, tags: Values) -> Values:
    """The creation parameter that holds the tags."""
    if kind.tags is None or not tags or not kind.tags.create:
        return {}
    if kind.tags.form == "ec2":
        return {"TagSpecifications": [{"ResourceType": kind.tags.create, "Tags": _pairs(tags)}]}
    return {kind.tags.create: _form(kind.tags, tags)}


def filters(tags: Values) -> list[dict[str, Any]]:
    """EC2's filters for resources with these tags."""
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]


def changes(style: Tags, old: Values, new: Values) -> list[tuple[Call, Values]]:
    """The calls that change `old` tags to `new`, each with the names that its template needs."""
    lost = [key for key in old if key not in new]
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    calls: list[tuple[Call, Values]] = []
    if style.unset is None:
        return [(style.set, {"tagSet": _form(style, new)})] if lost or changed else []
    if lost:
        calls.append((style.unset, {"tagKeys": lost, "tagPairs": [{"Key": key} for key in lost]}))
    if changed:
        calls.append((style.set, {"tagSet": _form(style, changed)}))
    return calls


def read(style: Tags, source: Any) -> Values:
    """Tags in a response, by key, without those that AWS sets itself."""
    found = jmespath.search(style.path, source) or []
    pairs = found if isinstance(found, dict) else dict(_pair(tag) for tag in found)
    return {key: value for key, value in pairs.items() if not key.startswith("aws:")}


def observed(live: Values, inputs: Values, defaults: Values) -> Values:
    """Actual `tags` and `tagsAll`, for inputs that declare them."""
    own = {key: value for key, value in live.items() if defaults.get(key) != value or key in inputs.get("tags", {})}
    return {**({"tags": own} if own or "tags" in inputs else {}), **({"tagsAll": live} if live else {})}


def _form(style: Tags, tags: Values) -> Any:
    if style.form == "map":
        return dict(tags)
    if style.form == "kms":
        return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
    return _pairs(tags)


def _pair(tag: dict[str, str]) -> tuple[str, str]:
    return (tag["TagKey"], tag["TagValue"]) if "TagKey" in tag else (tag["Key"], tag.get("Value", ""))


def _pairs(tags: Values) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
