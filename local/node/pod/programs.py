"""What the containers of a Pod execute: command line, environment, mounts and user."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping

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
from local.node.runtime.execution import POD_UID_VARIABLE, ContainerConfig, Mount, can_change_user
from local.node.runtime.images import command
from local.node.runtime.user import User
from local.site import CHECKOUT

KUBECONFIG = "/run/process-node/kubeconfig"
"""Where a container finds it, whoever its user is."""
_AUTHORIZATION_SECONDS = 3.0


class Programs:
    """Of one Pod, with these addresses and volumes."""

    def __init__(self, context: NodeContext, addresses: Mapping[str, str], volumes: Volumes) -> None:
        self._context = context
        self._addresses = addresses
        self._volumes = volumes

    async def container_config(self, pod: Object, container: Object) -> ContainerConfig:
        """Raises UnknownImage, MissingReference, NoText or RootNotAllowed."""
        context, meta = self._context, pod["metadata"]
        image = context.catalog.image(container["image"])
        user = security.user(pod, container, image.user)
        data = {ref: await self._read_data(meta["namespace"], ref) for ref in references(container)}
        env = {**context.base_environment, **image.env, "HOSTNAME": meta["name"], POD_UID_VARIABLE: meta["uid"]}
        if user is not None and can_change_user():
            env["HOME"] = "/"  # as of a user that the image does not list
        kubeconfig = [Mount(self._volumes.kubeconfig, KUBECONFIG, True)] if self._volumes.kubeconfig.exists() else []
        if kubeconfig:
            env["KUBECONFIG"] = KUBECONFIG
        host, port = context.api.address  # not its Service: API clients must not depend on the Service proxy
        api = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "KUBERNETES_SERVICE_PORT_HTTPS": port}
        sources = Sources(data, context.services())
        declared = environment_variables(pod, container, self._addresses, sources, api)
        argv = [expand(word, declared) for word in command(image, container.get("command"), container.get("args"))]
        for number, word in enumerate(argv):
            check_text(f"argument {number}", word)
        self._tell_of_user(pod, container["name"], user)
        return ContainerConfig(
            argv,
            env | declared,
            container.get("workingDir") or str(CHECKOUT),
            [*self._volumes.mounts(container, declared), *kubeconfig],
            user,
            [*context.image_files, *image.files],
            security.no_new_privileges(container),
        )

    def _tell_of_user(self, pod: Object, container: str, user: User | None) -> None:
        if user is not None and user.uid != os.getuid() and not can_change_user():
            said = f"container {container} runs as uid {os.getuid()}, not as {user.uid}: this node does not run as root"
            self._context.record_event(pod, "UserNotChanged", said, "Warning")

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
