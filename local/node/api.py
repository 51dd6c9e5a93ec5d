"""A small Kubernetes client on aiohttp: requests, patches, and watches that reconnect."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from operators.kubernetes.encoding import encode

log = logging.getLogger(__name__)

Object = dict[str, Any]
"""A Kubernetes object as parsed JSON."""

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
_WATCH_SECONDS = 300
UNREACHABLE = (aiohttp.ClientError, asyncio.TimeoutError, OSError)


class ApiError(Exception):
    """The API server returned an error: `code` is the HTTP status, `reason` the reason of the Status."""

    def __init__(self, code: int, body: str) -> None:
        try:
            status = json.loads(body)
        except ValueError:
            status = {}
        self.code = code
        self.reason = str(status.get("reason", ""))
        super().__init__(f"{code} {status.get('message', body[:300])}")


class Api:
    """A client of the API server in a kubeconfig; authenticates by client certificate or ServiceAccount token."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig
        config = yaml.safe_load(kubeconfig.read_text())
        self.server: str = config["clusters"][0]["cluster"]["server"]
        self.ca_data: str = config["clusters"][0]["cluster"]["certificate-authority-data"]
        context = ssl.create_default_context(cadata=base64.b64decode(self.ca_data).decode())
        user = config["users"][0]["user"]
        self._by_token = "client-key-data" not in user
        if not self._by_token:
            with tempfile.NamedTemporaryFile() as pair:  # the ssl module reads certificates from files only
                pair.write(base64.b64decode(user["client-key-data"]))
                pair.write(base64.b64decode(user["client-certificate-data"]))
                pair.flush()
                context.load_cert_chain(pair.name)
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, limit=64))

    def _authorization(self) -> dict[str, str]:
        """The Authorization header. A token is read each time, because the node replaces it before it expires."""
        if not self._by_token:
            return {}
        user = yaml.safe_load(self._kubeconfig.read_text())["users"][0]["user"]
        token = user.get("token") or Path(user["tokenFile"]).read_text().strip()
        return {"Authorization": f"Bearer {token}"}

    @property
    def address(self) -> tuple[str, str]:
        """Host and port of the API server."""
        host, _, port = self.server.removeprefix("https://").partition(":")
        return host, port or "443"

    async def close(self) -> None:
        await self._session.close()

    async def request(
        self, method: str, path: str, body: Object | None = None, content: str = "application/json", **query: str
    ) -> Object:
        """The object in the response. Raises ApiError for an error status, one of UNREACHABLE without a response, and
        NotUnicode for a body that is no text."""
        async with self._session.request(
            method,
            self.server + path,
            params=query,
            data=None if body is None else encode(body),
            headers={"Content-Type": content, **self._authorization()},
            timeout=aiohttp.ClientTimeout(total=30),
        ) as response:
            text = await response.text()
            if response.status >= 400:
                raise ApiError(response.status, text)
            return json.loads(text) if text else {}

    async def ask_kubelet(self, address: str, port: int, path: str) -> str:
        """The answer of a node, which takes the certificate of this client; raises as `request` does.

        The API server would not pass the request on: a node here has an address of the loopback network.
        """
        limit = aiohttp.ClientTimeout(total=3)
        async with self._session.get(f"https://{address}:{port}{path}", timeout=limit) as response:
            text = await response.text()
            if response.status >= 400:
                raise ApiError(response.status, text)
            return text

    async def get(self, path: str, **query: str) -> Object:
        return await self.request("GET", path, None, **query)

    async def post(self, path: str, body: Object) -> Object:
        return await self.request("POST", path, body)

    async def patch(self, path: str, body: Object, content: str = STRATEGIC, **query: str) -> Object:
        return await self.request("PATCH", path, body, content, **query)

    async def delete(self, path: str, body: Object | None = None) -> None:
        """Deletes the object if it exists."""
        try:
            await self.request("DELETE", path, body)
        except ApiError as error:
            if error.code not in (404, 409):  # 409: another object has this name by now
                raise

    async def watch(
        self, path: str, on_event: Callable[[Object, bool], None], synced: asyncio.Event, **query: str
    ) -> None:
        """Calls `on_event(object, deleted)` for all existing objects and for every change; never returns.

        After a gap it lists again and reports objects that disappeared as deleted. Sets `synced` after each list.
        """
        known: dict[str, Object] = {}
        while True:
            try:
                listing = await self.get(path, **query)
                current = {item["metadata"]["uid"]: item for item in listing["items"]}
                for uid in known.keys() - current.keys():
                    on_event(known.pop(uid), True)
                for uid, item in current.items():
                    known[uid] = item
                    on_event(item, False)
                synced.set()
                await self._follow(path, query, listing["metadata"]["resourceVersion"], known, on_event)
            except ApiError as error:
                if error.code != 410:
                    log.warning("watching %s: %s", path, error)
                await asyncio.sleep(0.2)
            except UNREACHABLE as error:
                log.warning("watching %s: %r", path, error)
                await asyncio.sleep(1)

    async def inform(
        self, path: str, store: dict[str, Object], changed: asyncio.Event, synced: asyncio.Event, key: str = "uid"
    ) -> None:
        """Keeps `store` equal to all objects, by the member `key` of their metadata; sets `changed` at each event."""

        def on_event(item: Object, deleted: bool) -> None:
            if deleted:
                store.pop(item["metadata"][key], None)
            else:
                store[item["metadata"][key]] = item
            changed.set()

        await self.watch(path, on_event, synced)

    async def _follow(
        self,
        path: str,
        query: dict[str, str],
        version: str,
        known: dict[str, Object],
        on_event: Callable[[Object, bool], None],
    ) -> None:
        while True:
            async with self._stream(path, {**query, "resourceVersion": version}) as response:
                async for event in _events(response):
                    item = event["object"]
                    if event["type"] == "ERROR":
                        raise ApiError(item.get("code", 500), json.dumps(item))
                    version = item["metadata"]["resourceVersion"]
                    if event["type"] == "BOOKMARK":
                        continue
                    deleted = event["type"] == "DELETED"
                    if deleted:
                        known.pop(item["metadata"]["uid"], None)
                    else:
                        known[item["metadata"]["uid"]] = item
                    on_event(item, deleted)

    @asynccontextmanager
    async def _stream(self, path: str, query: dict[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        # The server ends the watch after timeoutSeconds, so a longer silence means a dead connection.
        parameters = {**query, "watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(_WATCH_SECONDS)}
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=_WATCH_SECONDS + 30)
        async with self._session.get(
            self.server + path, params=parameters, timeout=timeout, headers=self._authorization()
        ) as response:
            if response.status >= 400:
                raise ApiError(response.status, await response.text())
            yield response


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[Object]:
    rest = b""
    async for chunk in response.content.iter_any():  # not readline(): an object may be longer than its limit
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)
