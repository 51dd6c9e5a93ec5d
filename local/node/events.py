"""Events of Kubernetes. No I/O."""

from __future__ import annotations

from local.node.api import Object
from local.node.times import timestamp

_LONGEST = 1000


def event(about: Object, reason: str, message: str, kind: str, source: tuple[str, str], now: float) -> Object:
    """An Event of `about`, which has apiVersion and kind. `kind` is Normal or Warning, `source` component and host."""
    meta, moment = about["metadata"], timestamp(now)
    named = {key: meta[key] for key in ("namespace", "name", "uid") if key in meta}
    return {
        "metadata": {"generateName": f"{meta['name']}."},
        "involvedObject": {"apiVersion": about["apiVersion"], "kind": about["kind"], **named},
        **{"reason": reason, "message": message[:_LONGEST], "type": kind, "count": 1},
        **{"firstTimestamp": moment, "lastTimestamp": moment},
        "source": dict(zip(("component", "host"), source, strict=True)),
    }
