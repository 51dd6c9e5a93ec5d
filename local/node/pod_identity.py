"""The Pod Identity agent of a node: gives Pods the credentials of their role.

SDKs ask it by AWS_CONTAINER_CREDENTIALS_FULL_URI; it asks the service EKS Auth with the token that they send.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from local.engines.runtime.files import write
from local.node import ports

_FILE = "pod-identity-agent.json"
_RENEW_SECONDS = 3600.0
"""Credentials are asked for anew when less than this is left of them."""
_KEPT = 2000
"""Tokens whose credentials are kept."""
_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True)
class AgentSettings:
    """The endpoint of EKS Auth, the cluster that it is asked for, and the credentials of the node's role."""

    endpoint: str
    region: str
    cluster: str
    access_key: str
    secret_key: str
    session_token: str

    @staticmethod
    def save(settings: AgentSettings | None, folder: Path) -> None:
        """Keeps the settings of the node in `folder`; None removes them, and then the agent gives no credentials."""
        file = folder / _FILE
        if settings is None:
            file.unlink(missing_ok=True)
        elif AgentSettings.load(folder) != settings:
            write(file, json.dumps(asdict(settings)).encode(), 0o600)

    @staticmethod
    def load(folder: Path) -> AgentSettings | None:
        try:
            return AgentSettings(**json.loads((folder / _FILE).read_text()))
        except (FileNotFoundError, TypeError):  # none, or of an earlier version: the control loop writes it again
            return None


class PodIdentityAgent:
    """Listens on the node's address for GET /v1/credentials. `folder` is the node's."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._address = address
        self._known: OrderedDict[str, dict[str, Any]] = OrderedDict()
        app = web.Application()
        app.router.add_get("/v1/credentials", self._credentials)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, self._address, ports.POD_IDENTITY).start()

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _credentials(self, request: web.Request) -> web.Response:
        settings, token = AgentSettings.load(self._folder), request.headers.get("Authorization", "")
        if settings is None:
            raise web.HTTPServiceUnavailable(text="the cluster does not have the add-on eks-pod-identity-agent")
        if not token:
            raise web.HTTPUnauthorized(text="the header Authorization must be the token of the Pod")
        known = self._known.get(token)
        if known is None or _left(known) < _RENEW_SECONDS:
            known = await self._assume_role(settings, token)
            self._known[token] = known
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return web.json_response(known)

    async def _assume_role(self, settings: AgentSettings, token: str) -> dict[str, Any]:
        url = f"{settings.endpoint}/clusters/{settings.cluster}/assume-role-for-pod-identity"
        body = json.dumps({"token": token}).encode()
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.post(url, data=body, headers=_signed(settings, url, body)) as response,
            ):
                answer = await response.json(content_type=None)
                status, code = response.status, response.headers.get("x-amzn-errortype", "")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise web.HTTPServiceUnavailable(text=f"EKS Auth does not answer: {error!r}") from error
        if status != 200:
            message = f"EKS Auth refuses: {code} {(answer or {}).get('message', '')}"
            raise web.HTTPBadRequest(text=message) if status < 500 else web.HTTPServiceUnavailable(text=message)
        found = answer["credentials"]
        expiration = datetime.fromtimestamp(found["expiration"]).astimezone()
        return {
            "AccessKeyId": found["accessKeyId"],
            "SecretAccessKey": found["secretAccessKey"],
            "Token": found["sessionToken"],
            "AccountId": answer["assumedRoleUser"]["arn"].split(":")[4],
            "Expiration": expiration.isoformat(),
        }


def _left(credentials: dict[str, Any]) -> float:
    """Seconds until they expire."""
    return datetime.fromisoformat(credentials["Expiration"]).timestamp() - time.time()


def _signed(settings: AgentSettings, url: str, body: bytes) -> dict[str, str]:
    """The headers of a request that is signed as the node."""
    from botocore.auth import SigV4Auth  # imported late: most nodes never need it
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("POST", url, {"Content-Type": "application/json"}, body)
    credentials = Credentials(settings.access_key, settings.secret_key, settings.session_token)
    SigV4Auth(credentials, "eks-auth", settings.region).add_auth(request)
    return dict(request.headers.items())
