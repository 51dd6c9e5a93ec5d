"""What the containers of a Pod execute: command line, environment, mounts and user."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

from local.node.api import UNREACHABLE, ApiError, Object
from local.node.pod import security
from local.node.pod.context import NodeContext
from local.node.pod.environment import (
    MissingReference,
    Reference,
    Sources,
    check_text,
    decode_data,
    environment_variables,
    expand,
    references,
)
from local.node.pod.volumes import Volumes
from local.node.runtime import accounts
from local.node.runtime.execution import POD_UID_VARIABLE, ContainerConfig, Mount, can_change_user, sandbox_available
from local.node.runtime.images import USER, command
from local.node.runtime.user import User
from local.site import CHECKOUT

KUBECONFIG_FOLDER = "/run/process-node"
"""Where a container finds its kubeconfig, whoever its user is. A file alone would stay the one that it was at first."""
_EXEC_FORMAT_ERROR = 'echo "exec $0: exec format error" >&2; exit 255'
"""What comes of a program that is for another architecture."""
_AUTHORIZATION_SECONDS = 3.0


class Programs:
    """Of one Pod, with these addresses, volumes and control group."""

    def __init__(
        self, context: NodeContext, addresses: Mapping[str, str], volumes: Volumes, group: Path | None
    ) -> None:
        self._context = context
        self._addresses = addresses
        self._volumes = volumes
        self._group = group

    async def container_config(self, pod: Object, container: Object) -> ContainerConfig:
        """Raises InvalidReference, NeverPulled, UnknownImage, MissingReference, NoText or RootNotAllowed."""
        context, meta = self._context, pod["metadata"]
        image = await context.images.image(container["image"], container.get("imagePullPolicy", "IfNotPresent"))
        user = security.user(pod, container, image.user)
        data = {ref: await self._read_data(meta["namespace"], ref) for ref in references(container)}
        env = {**context.base_environment, **image.env, "HOSTNAME": meta["name"], POD_UID_VARIABLE: meta["uid"]}
        if user is not None and can_change_user():
            env["HOME"] = accounts.HOME if user.uid == USER.uid and image.user else "/"
        if self._volumes.kubeconfig.exists():
            env["KUBECONFIG"] = f"{KUBECONFIG_FOLDER}/{self._volumes.kubeconfig.name}"
        host, port = context.api.address  # not its Service: API clients must not depend on the Service proxy
        api = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "KUBERNETES_SERVICE_PORT_HTTPS": port}
        sources = Sources(data, context.services())
        declared = environment_variables(pod, container, self._addresses, sources, api)
        argv = [expand(word, declared) for word in command(image, container.get("command"), container.get("args"))]
        if not image.executable:
            argv = ["/bin/sh", "-c", _EXEC_FORMAT_ERROR, *argv]
        for number, word in enumerate(argv):
            check_text(f"argument {number}", word)
        self._record_what_is_not_done(pod, container, user)
        return ContainerConfig(
            argv,
            env | declared,
            container.get("workingDir") or str(CHECKOUT),
            [
                *self._volumes.mounts(container, declared),
                *self._kubeconfig(),
                *(context.accounts if image.user and can_change_user() else ()),
            ],
            user,
            [*context.image_files, *image.files],
            security.no_new_privileges(container),
            security.read_only_root(container),
            self._group,
            image.identity,
        )

    def _kubeconfig(self) -> list[Mount]:
        file = self._volumes.kubeconfig
        return [Mount(file.parent, KUBECONFIG_FOLDER, True)] if file.exists() else []

    def _record_what_is_not_done(self, pod: Object, container: Object, user: User | None) -> None:
        name = container["name"]
        if user is not None and user.uid != os.getuid() and not can_change_user():
            message = f"container {name} runs as uid {os.getuid()}, not as {user.uid}: this node does not run as root"
            self._context.record_event(pod, "UserNotChanged", message, "Warning")
        if security.read_only_root(container) and not sandbox_available():
            message = f"container {name} can write what its user can: this machine permits no mount namespaces"
            self._context.record_event(pod, "RootNotReadOnly", message, "Warning")

    async def _read_data(self, namespace: str, reference: Reference) -> dict[str, bytes] | None:
        path = f"/api/v1/namespaces/{namespace}/{reference.kind}/{reference.name}"
        try:
            return decode_data(reference.kind, await self._get_when_allowed(path))
        except ApiError as error:
            if error.code == 404:
                return None
            raise MissingReference(str(error)) from error
        except UNREACHABLE as error:
            raise MissingReference(f"the API server does not answer: {error!r}") from error

    async def _get_when_allowed(self, path: str) -> Object:
        """The object. 403 is normal for a moment: the node authorizer does not know yet that the Pod is bound here."""
        deadline = time.monotonic() + _AUTHORIZATION_SECONDS
        while True:
            try:
                return await self._context.api.get(path)
            except ApiError as error:
                if error.code != 403 or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.1)
