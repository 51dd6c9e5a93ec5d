"""Labels and taints of a node that runs already. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from local.node.settings import Taint


def change(
    node: Mapping[str, Any],
    before: tuple[Mapping[str, str], Iterable[Taint]],
    labels: Mapping[str, str],
    taints: Iterable[Taint],
) -> dict[str, Any]:
    """The strategic merge patch that gives `node` these labels and taints instead of those of its group `before`.

    What others put on the node, such as the taint of one that is not ready, stays.
    """
    old_labels, old_taints = before
    own = {(taint.key, taint.effect) for taint in (*old_taints, *taints)}
    foreign = [taint for taint in node["spec"].get("taints", []) if (taint["key"], taint["effect"]) not in own]
    added = [{"key": taint.key, "value": taint.value, "effect": taint.effect} for taint in taints]
    removed = dict.fromkeys(old_labels.keys() - labels.keys())
    return {"metadata": {"labels": {**removed, **labels}}, "spec": {"taints": [*foreign, *added]}}
