"""PodStatus from what the containers do. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from local.node.api import Object
from local.node.times import timestamp


@dataclass(frozen=True)
class Terminated:
    """One run of a container that is over. Times in Unix seconds."""

    exit_code: int
    started: float
    finished: float
    run: int
    message: str = ""


@dataclass
class ContainerStatus:
    """What a container has come to; kept in a file, so that a new node process goes on where the last one was."""

    run: int = 0
    """How often it was started again."""
    started_at: float | None = None
    """Of the present run; None when none runs."""
    ended: Terminated | None = None
    """The present run, if it is over."""
    previous: Terminated | None = None
    """The run before."""
    started: bool = False
    ready: bool = False
    waiting: str = "ContainerCreating"
    message: str = ""

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
    """A container's spec beside its progress; `role` is main, init or sidecar."""

    spec: Object
    role: str
    status: ContainerStatus


@dataclass(frozen=True)
class PodView:
    """Everything a PodStatus tells. `conditions`: type -> (status, Unix seconds of its last change) so far."""

    uid: str
    address: str
    node_address: str
    started_at: float
    restart_policy: str
    containers: Sequence[ContainerView]
    generation: int | None = None
    deleting: bool = False
    conditions: Mapping[str, tuple[str, float]] = field(default_factory=dict)


def phase(pod: PodView) -> str:
    """Pending, Running, Succeeded or Failed."""
    mains = [c.status for c in pod.containers if c.role == "main"]
    if pod.restart_policy == "Never" and any(
        c.role == "init" and c.status.ended and c.status.ended.exit_code != 0 for c in pod.containers
    ):
        return "Failed"
    endings = [progress.ended for progress in mains if progress.ended is not None]
    if len(endings) == len(mains) and (pod.restart_policy != "Always" or pod.deleting):
        if all(ended.exit_code == 0 for ended in endings):
            return "Succeeded"
        if pod.restart_policy == "Never" or pod.deleting:
            return "Failed"
    ever_ran = any(p.started_at is not None or p.previous is not None for p in mains)
    return "Running" if ever_ran else "Pending"


def conditions(pod: PodView, now: float) -> dict[str, tuple[str, float]]:
    """The Pod's conditions; one that keeps its status keeps the moment of its last change."""
    present = phase(pod)
    before_now = pod.conditions.get("Initialized", ("False", 0.0))[0] == "True"
    initialised = before_now or all(_initialised(c) for c in pod.containers if c.role != "main")
    serving = present == "Running" and all(
        c.status.running and c.status.ready for c in pod.containers if c.role != "init"
    )
    result: dict[str, tuple[str, float]] = {}
    for name, holds in (
        ("PodReadyToStartContainers", True),
        ("Initialized", initialised),
        ("ContainersReady", serving),
        ("Ready", serving),
    ):
        before = pod.conditions.get(name)
        result[name] = before if before and before[0] == str(holds) else (str(holds), now)
    return result


def pod_status(pod: PodView, current: Mapping[str, tuple[str, float]]) -> Object:
    """The status to write, given `conditions(...)`."""
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


def _initialised(container: ContainerView) -> bool:
    progress = container.status
    if container.role == "sidecar":
        return progress.started
    return progress.ended is not None and progress.ended.exit_code == 0


def _container(uid: str, container: ContainerView) -> Object:
    name, progress = container.spec["name"], container.status
    if progress.running:
        state: Object = {"running": {"startedAt": timestamp(progress.started_at or 0)}}
    elif progress.ended is not None:
        state = {"terminated": _terminated(uid, name, progress.ended)}
    else:
        state = {"waiting": {"reason": progress.waiting, "message": progress.message}}
    done = container.role == "init" and progress.ended is not None and progress.ended.exit_code == 0
    return {
        "name": name,
        "image": container.spec["image"],
        "imageID": f"catalog://{container.spec['image']}",
        "ready": (progress.running and progress.ready) or done,
        "started": progress.running and progress.started,
        "restartCount": progress.run,
        "state": state,
        "lastState": {"terminated": _terminated(uid, name, progress.previous)} if progress.previous else {},
        **({"containerID": _id(uid, name, progress.run)} if progress.started_at is not None else {}),
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
