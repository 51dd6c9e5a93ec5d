"""PodStatus computed from container statuses. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from local.node.api import Object
from local.node.times import timestamp


@dataclass(frozen=True)
class Terminated:
    """A run of a container that has exited. Times are Unix seconds."""

    exit_code: int
    started: float
    finished: float
    run: int
    message: str = ""


@dataclass
class ContainerStatus:
    """State of a container; checkpointed in a file (progress.json), from which a new node process continues."""

    run: int = 0
    """Number of restarts."""
    started_at: float | None = None
    """Of the current run; None before its start."""
    ended: Terminated | None = None
    """The current run, if it has exited."""
    previous: Terminated | None = None
    """The run before the current one."""
    started: bool = False
    ready: bool = False
    waiting: str = "ContainerCreating"
    message: str = ""
    image_identity: str = ""
    """Reference by digest of the image that the current run has from a registry."""

    @property
    def running(self) -> bool:
        return self.started_at is not None and self.ended is None

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> ContainerStatus:
        for name in ("ended", "previous"):
            if content[name] is not None:
                content[name] = Terminated(**content[name])
        return cls(**content)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ContainerView:
    """Spec and status of a container; `role` is main, init or sidecar."""

    spec: Object
    role: str
    status: ContainerStatus


@dataclass(frozen=True)
class PodView:
    """Input of a PodStatus. `conditions` are the last ones: type -> (status, last transition in Unix seconds)."""

    uid: str
    address: str
    node_address: str
    started_at: float
    restart_policy: str
    containers: Sequence[ContainerView]
    generation: int | None = None
    terminating: bool = False
    conditions: Mapping[str, tuple[str, float]] = field(default_factory=dict)


def phase(pod: PodView) -> str:
    """Pending, Running, Succeeded or Failed."""
    mains = [c.status for c in pod.containers if c.role == "main"]
    if pod.restart_policy == "Never" and any(
        c.role == "init" and c.status.ended and c.status.ended.exit_code != 0 for c in pod.containers
    ):
        return "Failed"
    terminated = [status.ended for status in mains if status.ended is not None]
    if len(terminated) == len(mains) and (pod.restart_policy != "Always" or pod.terminating):
        if all(ended.exit_code == 0 for ended in terminated):
            return "Succeeded"
        if pod.restart_policy == "Never" or pod.terminating:
            return "Failed"
    ever_ran = any(p.started_at is not None or p.previous is not None for p in mains)
    return "Running" if ever_ran else "Pending"


def conditions(pod: PodView, now: float) -> dict[str, tuple[str, float]]:
    """The Pod's conditions; the transition time of one changes with its status only."""
    present = phase(pod)
    initialized_before = pod.conditions.get("Initialized", ("False", 0.0))[0] == "True"
    initialized = initialized_before or all(_initialized(c) for c in pod.containers if c.role != "main")
    ready = present == "Running" and all(
        c.status.running and c.status.ready for c in pod.containers if c.role != "init"
    )
    result: dict[str, tuple[str, float]] = {}
    for name, value in (
        ("PodReadyToStartContainers", True),
        ("Initialized", initialized),
        ("ContainersReady", ready),
        ("Ready", ready),
    ):
        before = pod.conditions.get(name)
        result[name] = before if before and before[0] == str(value) else (str(value), now)
    return result


def pod_status(pod: PodView, current: Mapping[str, tuple[str, float]]) -> Object:
    """The PodStatus to write, with the result of `conditions`."""
    present = phase(pod)
    statuses = {
        role: [_container(pod.uid, c) for c in pod.containers if (c.role == "main") == role] for role in (True, False)
    }
    return {
        "phase": present,
        "podIP": pod.address,
        "podIPs": [{"ip": pod.address}],
        "hostIP": pod.node_address,
        "hostIPs": [{"ip": pod.node_address}],
        "startTime": timestamp(pod.started_at),
        "observedGeneration": pod.generation,
        "conditions": [
            {
                "type": name,
                "status": status,
                "lastTransitionTime": timestamp(since),
                "reason": None if status == "True" else "PodCompleted" if present == "Succeeded" else _REASONS[name],
                "observedGeneration": pod.generation,
            }
            for name, (status, since) in current.items()
        ],
        "containerStatuses": statuses[True],
        **({"initContainerStatuses": statuses[False]} if statuses[False] else {}),
    }


_REASONS = {
    "PodReadyToStartContainers": "",
    "Initialized": "ContainersNotInitialized",
    "ContainersReady": "ContainersNotReady",
    "Ready": "ContainersNotReady",
}


def _initialized(container: ContainerView) -> bool:
    status = container.status
    if container.role == "sidecar":
        return status.started
    return status.ended is not None and status.ended.exit_code == 0


def _container(uid: str, container: ContainerView) -> Object:
    name, status = container.spec["name"], container.status
    if status.running:
        state: Object = {"running": {"startedAt": timestamp(status.started_at or 0)}}
    elif status.ended is not None:
        state = {"terminated": _terminated(uid, name, status.ended)}
    else:
        state = {"waiting": {"reason": status.waiting, "message": status.message}}
    done = container.role == "init" and status.ended is not None and status.ended.exit_code == 0
    return {
        "name": name,
        "image": container.spec["image"],
        "imageID": status.image_identity or f"catalog://{container.spec['image']}",
        "ready": (status.running and status.ready) or done,
        "started": status.running and status.started,
        "restartCount": status.run,
        "state": state,
        "lastState": {"terminated": _terminated(uid, name, status.previous)} if status.previous else {},
        **({"containerID": _id(uid, name, status.run)} if status.started_at is not None else {}),
    }


def _terminated(uid: str, name: str, ended: Terminated) -> Object:
    return {
        "exitCode": ended.exit_code,
        **({"signal": ended.exit_code - 128} if ended.exit_code > 128 else {}),
        "reason": "Completed" if ended.exit_code == 0 else "Error",
        "message": ended.message,
        "startedAt": timestamp(ended.started),
        "finishedAt": timestamp(ended.finished),
        "containerID": _id(uid, name, ended.run),
    }


def _id(uid: str, name: str, run: int) -> str:
    return f"process://{uid}-{name}-{run}"
