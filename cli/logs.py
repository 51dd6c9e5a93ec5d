"""`aura logs POD`: kubectl logs, without having to know region, namespace or the end of the name."""

from __future__ import annotations

import os
import sys

from local.observe import kube
from local.observe.model import Pod
from local.site import REGIONS, Site
from local.toolchain import tools


def logs(name: str, follow: bool, previous: bool) -> None:
    """Replaces this process by kubectl; ends with 1 when no Pod or several different ones go by that name."""
    site = Site.current()
    pods: list[Pod] = []
    for region in REGIONS:
        if site.kubeconfig(region).exists():
            api = kube.connect(site.kubeconfig(region))
            pods += kube.pods(api, region)
            api.close()
    found = matching(name, pods)
    if not found:
        sys.exit(f"no Pod is called {name}; there are: {', '.join(sorted(p.name for p in pods)) or 'none'}")
    if len(found) > 1:
        sys.exit(f"{name} could be any of: {', '.join(p.name for p in found)}")
    pod = found[0]
    kubectl = str(tools.path("kubectl"))
    options = ["--follow"] * follow + ["--previous"] * previous
    config = str(site.kubeconfig(pod.region))
    os.execv(kubectl, [kubectl, "--kubeconfig", config, "logs", "-n", pod.namespace, *options, pod.name])


def matching(name: str, pods: list[Pod]) -> list[Pod]:
    """The Pod of exactly this name, or else all whose name starts with it."""
    return [p for p in pods if p.name == name] or [p for p in pods if p.name.startswith(name)]
