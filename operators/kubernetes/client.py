"""Client of the Kubernetes API: few, idempotent calls, retried while the API server is busy or unavailable."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp
from kubernetes import client, config

from operators.kubernetes.encoding import NotUnicode, encode
from operators.kubernetes.kinds import Kind
from operators.kubernetes.manifest import FIELD_MANAGER, Manifest

_ATTEMPTS = 6
_BASE_DELAY_SECONDS = 0.2
_RETRYABLE = {429, 500, 502, 503, 504}
_APPLY = "application/apply-patch+yaml"
_APPLY_ATTEMPTS = 3
"""A server-side apply that is impossible, as one that names a list's key twice, is answered with 500 every time."""
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5)


class ApiError(Exception):
    """A request was refused; `status` is the HTTP status, 422 if it could not even be sent, the text says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(Exception):
    """The API server did not answer, or was busy, at every attempt."""


def load_configuration() -> client.Configuration:
    """From KUBECONFIG or the Pod's ServiceAccount; the token is read again when it is renewed."""
    configuration = client.Configuration()
    config.load_config(client_configuration=configuration)
    return configuration


class Client:
    """Client of one API server. Create it inside a running event loop and close it at the end."""

    def __init__(self, configuration: client.Configuration) -> None:
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, configuration.key_file)
        self._configuration = configuration
        self._cluster_id = ""
        self._session = aiohttp.ClientSession(
            configuration.host, connector=aiohttp.TCPConnector(ssl=context, limit=32), timeout=_TIMEOUT
        )

    async def close(self) -> None:
        await self._session.close()

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest | None:
        """The object, or None if it does not exist."""
        try:
            return await self._request("GET", kind.path(namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def list(
        self,
        kind: Kind,
        namespace: str,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> list[Manifest]:
        """Objects with these labels and fields, of all namespaces if it is ""; empty if the kind is not served."""
        selectors = {"labelSelector": labels, "fieldSelector": fields}
        parameters = {
            name: ",".join(f"{key}={value}" for key, value in selector.items())
            for name, selector in selectors.items()
            if selector
        }
        try:
            response = await self._request("GET", kind.path(namespace), parameters)
        except ApiError as error:
            if error.status == 404:
                return []
            raise
        return [{"apiVersion": kind.api_version, "kind": kind.name, **item} for item in response["items"]]

    async def serves(self, kind: Kind) -> bool:
        """Whether the cluster serves this kind at this version."""
        try:
            response = await self._request("GET", kind.group_version_path)
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return any(resource["name"] == kind.plural for resource in response["resources"])

    async def namespace_is_terminating(self, name: str) -> bool:
        """Whether the namespace is being deleted, or does not exist."""
        try:
            return "deletionTimestamp" in (await self._request("GET", f"/api/v1/namespaces/{name}"))["metadata"]
        except ApiError as error:
            if error.status == 404:
                return True
            raise

    async def cluster_id(self) -> str:
        """What tells this cluster from others: the uid of its namespace kube-system."""
        if not self._cluster_id:
            self._cluster_id = (await self._request("GET", "/api/v1/namespaces/kube-system"))["metadata"]["uid"]
        return self._cluster_id

    async def apply(self, kind: Kind, manifest: Manifest, manager: str = FIELD_MANAGER) -> Manifest:
        """Server-side apply with force: the fields in the manifest become ours, whoever managed them."""
        meta = manifest["metadata"]
        return await self._request(
            "PATCH",
            kind.path(meta["namespace"], meta["name"]),
            {"fieldManager": manager, "force": "true"},
            manifest,
            _APPLY,
        )

    async def replace(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Replaces the object with this resourceVersion; ApiError 409 if it has changed."""
        meta = manifest["metadata"]
        path = kind.path(meta["namespace"], meta["name"])
        return await self._request("PUT", path, {"fieldManager": FIELD_MANAGER}, manifest)

    async def merge_patch(
        self, kind: Kind, manifest: Manifest, patch: Mapping[str, Any], subresource: str = ""
    ) -> Manifest:
        """JSON merge patch of an object or its `status`."""
        meta = manifest["metadata"]
        path = kind.path(meta["namespace"], meta["name"]) + (f"/{subresource}" if subresource else "")
        parameters = {"fieldManager": FIELD_MANAGER}
        return await self._request("PATCH", path, parameters, patch, "application/merge-patch+json")

    async def create(self, kind: Kind, namespace: str, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """The object as it is created; with `dry_run` as it would be."""
        parameters = {"fieldManager": FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        return await self._request("POST", kind.path(namespace), parameters, manifest)

    async def delete(self, kind: Kind, manifest: Manifest) -> None:
        """Deletes exactly this object; one that is gone, or was created again under its name, is left alone."""
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
        try:
            data = encode(body) if body is not None else None
        except NotUnicode as error:
            raise ApiError(422, f"{method} {path}: {error}") from error
        problem = ""
        for attempt in range(_ATTEMPTS):
            delay = _BASE_DELAY_SECONDS * 2**attempt * random.uniform(0.7, 1.3)
            if token := self._configuration.get_api_key_with_prefix("BearerToken"):
                headers["Authorization"] = token
            try:
                async with self._session.request(
                    method, path, params=parameters or {}, data=data, headers=headers
                ) as response:
                    if response.status < 400:
                        return await response.json()
                    problem = _message(await response.text())
                    again = _APPLY_ATTEMPTS if (content, response.status) == (_APPLY, 500) else _ATTEMPTS
                    if response.status not in _RETRYABLE or attempt + 1 >= again < _ATTEMPTS:
                        raise ApiError(response.status, problem)
                    delay = max(delay, float(response.headers.get("Retry-After", 0)))
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
                problem = repr(error)
            if attempt < _ATTEMPTS - 1:
                await asyncio.sleep(delay)
        raise Unreachable(f"{method} {path} failed {_ATTEMPTS} times: {problem}")


def _message(text: str) -> str:
    try:
        return json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        return text[:500]
