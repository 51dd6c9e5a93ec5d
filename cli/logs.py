"""`aura logs POD`: kubectl logs without region, namespace or full name."""

from __future__ import annotations

import os
import sys

from local.observe import kube
from local.observe.model import Pod
from local.site import REGIONS, Site
from local.toolchain import tools


def logs(name: str, follow: bool, previous: bool, container: str) -> None:
    """Replaces this process by kubectl; exits with 1 unless exactly one Pod matches the name."""
    site = Site.current()
    regions = [region for region in REGIONS if site.kubeconfig(region).exists()]
    if not regions:
        sys.exit(kube.NO_CLUSTER)
    pods: list[Pod] = []
    unavailable: list[str] = []
    for region in regions:
        try:
            with kube.connect(site.kubeconfig(region)) as api:
                pods += kube.pods(api, region)
        except kube.UNAVAILABLE as error:
            unavailable.append(kube.unavailable_message(region, error))
    found = matching(name, pods)
    options = ["--follow"] * follow + ["--previous"] * previous + ["--container", container] * bool(container)
    if not found:
        existing = ", ".join(sorted(p.name for p in pods)) or "none"
        missing = [f"no Pod is called {name}; existing: {existing}"] if pods or not unavailable else []
        sys.exit("\n".join([*missing, *unavailable]))
    if len(found) > 1:
        sys.exit(ambiguous(name, found, options))
    pod = found[0]
    kubectl = str(tools.path("kubectl"))
    config = str(site.kubeconfig(pod.region))
    os.execv(kubectl, [kubectl, "--kubeconfig", config, "logs", "-n", pod.namespace, *options, pod.name])


def matching(name: str, pods: list[Pod]) -> list[Pod]:
    """The Pod with exactly this name, or else all whose name starts with it."""
    return [p for p in pods if p.name == name] or [p for p in pods if p.name.startswith(name)]


def ambiguous(name: str, pods: list[Pod], options: list[str]) -> str:
    """The message for several matches, with a command for each."""
    commands = [f"    {' '.join(['aura', 'logs', pod.name, *options])}" for pod in pods]
    return "\n".join([f"{name} is the start of {len(pods)} Pods' names; each has a log of its own:", *commands])
