"""The user, groups and privileges of a container, from the security contexts of it and its Pod. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from local.node.api import Object
from local.node.runtime.user import User

ROOT = User(0, 0)


class RootNotAllowed(ValueError):
    """The container must not run as root, and would."""


@dataclass(frozen=True)
class Group:
    """fsGroup: the group that the Pod's volumes are given to. `always`: or only when their root shows it was not."""

    gid: int
    always: bool


def user(pod: Object, container: Object, image: User | None) -> User | None:
    """Who the container's processes run as; None: the image has no user of its own and none is asked for.

    `image` is the user in the image. Raises RootNotAllowed.
    """
    own, shared = container.get("securityContext") or {}, pod["spec"].get("securityContext") or {}

    def asked(field: str) -> int | None:
        return own.get(field, shared.get(field))

    uid, gid = asked("runAsUser"), asked("runAsGroup")
    if own.get("runAsNonRoot", shared.get("runAsNonRoot", False)):
        if uid == 0:
            raise RootNotAllowed("container's runAsUser breaks non-root policy")
        if uid is None and (image is None or image.uid == 0):
            raise RootNotAllowed("container has runAsNonRoot and image will run as root")
    groups = [*shared.get("supplementalGroups", []), *([shared["fsGroup"]] if "fsGroup" in shared else [])]
    if uid is None and gid is None and not groups and image is None:
        return None
    base = image or ROOT
    chosen = base.uid if uid is None else uid
    # A uid that the image does not know has the primary group 0, as in container runtimes.
    primary = gid if gid is not None else base.gid if chosen == base.uid else 0
    return User(chosen, primary, tuple(dict.fromkeys(groups)))


def no_new_privileges(container: Object) -> bool:
    return (container.get("securityContext") or {}).get("allowPrivilegeEscalation") is False


def read_only_root(container: Object) -> bool:
    return (container.get("securityContext") or {}).get("readOnlyRootFilesystem") is True


def volume_group(pod: Object) -> Group | None:
    """fsGroup of the Pod, None if it has none."""
    context = pod["spec"].get("securityContext") or {}
    if "fsGroup" not in context:
        return None
    return Group(context["fsGroup"], context.get("fsGroupChangePolicy", "Always") == "Always")


def token_owner(pod: Object) -> int | None:
    """The uid that all containers ask for, which then owns ServiceAccount tokens; None if they do not agree."""
    shared = (pod["spec"].get("securityContext") or {}).get("runAsUser")
    containers: Iterable[Object] = [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
    asked = {(one.get("securityContext") or {}).get("runAsUser", shared) for one in containers}
    return asked.pop() if len(asked) == 1 else None
