"""Calls of the Kubernetes API: few, idempotent, repeated while the API server is busy or away."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp
from kubernetes import client, config

from operators.kubernetes.kinds import Kind
from operators.kubernetes.manifest import FIELD_MANAGER, Manifest

_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.2
_BUSY = {429, 500, 502, 503, 504}
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5)


class ApiError(Exception):
    """The API server refused; `status` is the HTTP status, the text what it said."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(Exception):
    """The API server did not answer, or was busy, as often as it was asked."""


def credentials() -> client.Configuration:
    """From KUBECONFIG or the Pod's ServiceAccount; its token is read anew when it is renewed."""
    configuration = client.Configuration()
    config.load_config(client_configuration=configuration)
    return configuration


class Cluster:
    """The API server. Make it inside a running event loop, close it at the end."""

    def __init__(self, configuration: client.Configuration) -> None:
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, configuration.key_file)
        self._configuration = configuration
        self._session = aiohttp.ClientSession(
            configuration.host, connector=aiohttp.TCPConnector(ssl=context, limit=32), timeout=_TIMEOUT
        )

    async def close(self) -> None:
        await self._session.close()

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest | None:
        """The object, or None where there is none."""
        try:
            return await self._request("GET", kind.path(namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def list(self, kind: Kind, namespace: str, labels: Mapping[str, str] | None = None) -> list[Manifest]:
        """Objects with these labels; none where the kind is not served."""
        selector = ",".join(f"{key}={value}" for key, value in (labels or {}).items())
        try:
            answer = await self._request("GET", kind.path(namespace), {"labelSelector": selector} if selector else {})
        except ApiError as error:
            if error.status == 404:
                return []
            raise
        return [{"apiVersion": kind.api_version, "kind": kind.name, **item} for item in answer["items"]]

    async def serves(self, kind: Kind) -> bool:
        """Whether the cluster has this kind at this version."""
        try:
            answer = await self._request("GET", kind.root)
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return any(resource["name"] == kind.plural for resource in answer["resources"])

    async def namespace_is_going(self, name: str) -> bool:
        """Whether the namespace is being deleted, or is gone."""
        try:
            return "deletionTimestamp" in (await self._request("GET", f"/api/v1/namespaces/{name}"))["metadata"]
        except ApiError as error:
            if error.status == 404:
                return True
            raise

    async def apply(self, kind: Kind, manifest: Manifest, manager: str = FIELD_MANAGER) -> Manifest:
        """Server-side apply: the declared fields become ours, whoever had them."""
        meta = manifest["metadata"]
        return await self._request(
            "PATCH",
            kind.path(meta["namespace"], meta["name"]),
            {"fieldManager": manager, "force": "true"},
            manifest,
            "application/apply-patch+yaml",
        )

    async def replace(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Put the object in place of the one with its resourceVersion; ApiError 409 when that has changed."""
        meta = manifest["metadata"]
        path = kind.path(meta["namespace"], meta["name"])
        return await self._request("PUT", path, {"fieldManager": FIELD_MANAGER}, manifest)

    async def merge(self, kind: Kind, manifest: Manifest, patch: Mapping[str, Any], subresource: str = "") -> Manifest:
        """JSON merge patch of an object or its `status`."""
        meta = manifest["metadata"]
        path = kind.path(meta["namespace"], meta["name"]) + (f"/{subresource}" if subresource else "")
        parameters = {"fieldManager": FIELD_MANAGER}
        return await self._request("PATCH", path, parameters, patch, "application/merge-patch+json")

    async def create(self, kind: Kind, namespace: str, manifest: Manifest) -> Manifest:
        return await self._request("POST", kind.path(namespace), {"fieldManager": FIELD_MANAGER}, manifest)

    async def delete(self, kind: Kind, manifest: Manifest) -> None:
        """Delete exactly this object; one that is gone, or made anew under its name, is left as it is."""
        meta = manifest["metadata"]
        body = {"preconditions": {"uid": meta["uid"]}, "propagationPolicy": "Background"}
        try:
            await self._request("DELETE", kind.path(meta["namespace"], meta["name"]), {}, body)
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    async def _request(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
    ) -> Any:
        headers = {"Accept": "application/json", "Content-Type": content}
        data = json.dumps(body).encode() if body is not None else None
        problem = ""
        for attempt in range(_ATTEMPTS):
            pause = _FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.7, 1.3)
            if token := self._configuration.get_api_key_with_prefix("BearerToken"):
                headers["Authorization"] = token
            try:
                async with self._session.request(
                    method, path, params=parameters or {}, data=data, headers=headers
                ) as answer:
                    if answer.status < 400:
                        return await answer.json()
                    problem = _message(await answer.text())
                    if answer.status not in _BUSY:
                        raise ApiError(answer.status, problem)
                    pause = max(pause, float(answer.headers.get("Retry-After", 0)))
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
                problem = repr(error)
            if attempt < _ATTEMPTS - 1:
                await asyncio.sleep(pause)
        raise Unreachable(f"{method} {path} failed {_ATTEMPTS} times: {problem}")


def _message(text: str) -> str:
    try:
        return json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        return text[:500]
