"""Why Pods do not become ready, in the words of their own status and of the node's Events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from operators.kubernetes.manifest import Manifest

_STARTING = ("", "ContainerCreating", "PodInitializing")
_NODE_EVENTS = ("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedSync")
"""What keeps a container from being created, which the Pod's status does not say."""
_BACKOFF_RESET = timedelta(minutes=10)
"""A container that has run this long is no longer in a crash loop: kubelets reset their back-off then."""
_MAX_LENGTH = 500


@dataclass(frozen=True)
class Problem:
    """`reason` is that of the Pod, one CamelCase word; `message` says which Pod and container. Unless `transient`,
    nothing changes until somebody acts."""

    reason: str
    message: str
    transient: bool = False


def problem(pods: Sequence[Manifest], now: datetime, events: Iterable[Manifest] = ()) -> Problem | None:
    """The first problem, from the youngest Pod on: it has the newest template. `events` are those of the Pods."""
    known = list(events)
    alive = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    for pod in sorted(alive, key=lambda pod: pod["metadata"].get("creationTimestamp", ""), reverse=True):
        if found := _problem(pod, now, known):
            where = f"Pod {pod['metadata']['name']}"
            return Problem(found.reason, f"{where}{found.message}"[:_MAX_LENGTH], found.transient)
    return None


def is_stuck_without_reason(pod: Manifest) -> bool:
    """Whether only Events can say why this Pod, bound to a node, has no container yet."""
    status = pod.get("status", {})
    states = [one.get("state", {}) for one in status.get("containerStatuses", [])]
    creating = all(state.get("waiting", {}).get("reason", "") in _STARTING and len(state) <= 1 for state in states)
    return bool(pod["spec"].get("nodeName")) and status.get("phase", "Pending") == "Pending" and creating


def _problem(pod: Manifest, now: datetime, events: Sequence[Manifest]) -> Problem | None:
    status = pod.get("status", {})
    if status.get("reason"):  # as Evicted, NodeLost
        return Problem(status["reason"], f": {status.get('message', status['reason'])}")
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            reason = condition.get("reason") or "Unschedulable"
            return Problem(
                reason, f": {_sentence(condition.get('message', reason))}", transient=True
            )  # nodes come and go
    containers = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    found = next((one for container in containers if (one := _of_container(container, now))), None)
    if found is None and is_stuck_without_reason(pod):
        return next(_of_node(pod, events), None)
    return found


def _of_container(container: Mapping[str, Any], now: datetime) -> Problem | None:
    """CrashLoopBackOff is told with the end of the last run, and as OOMKilled if that was it. In a loop the container
    runs for a while again and again, which does not end the problem."""
    state, where = container.get("state", {}), f", container {container['name']}: "
    waiting, restarts = state.get("waiting", {}), container.get("restartCount", 0)
    reason, ended = (
        waiting.get("reason", ""),
        state.get("terminated") or container.get("lastState", {}).get("terminated"),
    )
    crashed = ended is not None and ended.get("exitCode", 0) != 0 and not container.get("ready")
    since = state.get("running", {}).get("startedAt")
    if reason not in (*_STARTING, "CrashLoopBackOff"):
        return Problem(reason, where + _sentence(waiting.get("message", "") or reason))
    if reason != "CrashLoopBackOff" and not crashed:
        return None
    if since and now - datetime.fromisoformat(since) > _BACKOFF_RESET:
        return None
    last = _end(ended or {})
    killed = (ended or {}).get("reason") == "OOMKilled"
    loops = reason == "CrashLoopBackOff" or restarts > 1
    kind = "OOMKilled" if killed else "CrashLoopBackOff" if loops else "Error"
    return Problem(kind, f"{where}{last}, restarted {restarts} times", transient=not loops)


def _of_node(pod: Manifest, events: Sequence[Manifest]) -> Iterator[Problem]:
    mine = [
        event
        for event in events
        if event.get("involvedObject", {}).get("uid") == pod["metadata"]["uid"] and event.get("reason") in _NODE_EVENTS
    ]
    for event in sorted(mine, key=lambda one: one.get("lastTimestamp") or one.get("eventTime") or "", reverse=True):
        yield Problem(event["reason"], f": {_sentence(event.get('message', ''))}")


def _end(ended: Mapping[str, Any]) -> str:
    """How a run ended, with the last line that it wrote: kubelets put the end of its log into `message`."""
    lines = [line.strip() for line in ended.get("message", "").splitlines() if line.strip()]
    text = f"ended with exit code {ended.get('exitCode', 'unknown')}"
    if ended.get("reason") == "OOMKilled":
        text = "used more memory than its limit and was killed (OOMKilled)"
    return f"{text}, last line {lines[-1]!r}" if lines else text


def _sentence(text: str) -> str:
    return " ".join(text.split())
