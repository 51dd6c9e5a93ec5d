"""Requests to a cluster's API server, with the credentials of its kubeconfig."""

from __future__ import annotations

import functools
import json
import os
import threading
from pathlib import Path
from typing import Any

import yaml

from local.plugins.provider.base import ProviderError
from local.plugins.provider.values import Values
from operators.kubernetes.encoding import NotUnicode, encode

FIELD_MANAGER = "pulumi-kubernetes"
_TIMEOUT = 60
_APPLY = "application/apply-patch+yaml"
_HOME = "PULUMI_HOME"
"""Where credential files are written: they outlive a killed plugin, and are deleted with the site."""


class KubernetesError(ProviderError):
    """An error response of the API server; `status` is its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(ProviderError):
    """The server of the kubeconfig does not answer."""


class NotServed(ProviderError):
    """The API server does not serve the kind (yet)."""


class Cluster:
    def __init__(self, kubeconfig: str, context: str | None = None) -> None:
        """`kubeconfig` is its contents or its path."""
        path = Path(kubeconfig).expanduser() if "\n" not in kubeconfig and len(kubeconfig) < 1000 else None
        self._config = yaml.safe_load(path.read_text() if path and path.exists() else kubeconfig)
        if not isinstance(self._config, dict):
            raise ProviderError("the provider's kubeconfig is neither a kubeconfig nor its path")
        self._context = context or self._config.get("current-context")
        self._kinds: dict[tuple[str, str], Values] = {}
        self._lock = threading.RLock()

    def get(self, manifest: Values) -> Values | None:
        """The live object, or None."""
        try:
            return self._request("GET", self._path(manifest))
        except (KubernetesError, NotServed) as error:
            if isinstance(error, NotServed) or error.status == 404:
                return None
            raise

    def apply(self, manifest: Values, dry_run: bool = False) -> Values:
        query = [("fieldManager", FIELD_MANAGER), ("force", "true"), *([("dryRun", "All")] if dry_run else [])]
        try:
            body = encode(manifest)
        except NotUnicode as error:
            raise ProviderError(f"{manifest['kind']} {manifest['metadata']['name']}: {error}") from error
        return self._request("PATCH", self._path(manifest), query, body)

    def delete(self, manifest: Values) -> None:
        self._request("DELETE", self._path(manifest), [("propagationPolicy", "Foreground")])

    def is_namespaced(self, manifest: Values) -> bool:
        return self._kind(manifest)["namespaced"]

    def _path(self, manifest: Values) -> str:
        kind, metadata = self._kind(manifest), manifest["metadata"]
        space = f"/namespaces/{metadata.get('namespace') or 'default'}" if kind["namespaced"] else ""
        return f"{_root(manifest['apiVersion'])}{space}/{kind['name']}/{metadata['name']}"

    def _kind(self, manifest: Values) -> Values:
        version, kind = manifest["apiVersion"], manifest["kind"]
        with self._lock:
            if (version, kind) not in self._kinds:
                try:
                    served = self._request("GET", _root(version))["resources"]
                except KubernetesError as error:
                    if error.status != 404:
                        raise
                    served = []
                self._kinds |= {(version, entry["kind"]): entry for entry in served if "/" not in entry["name"]}
            if (version, kind) not in self._kinds:
                raise NotServed(f"the cluster serves no {kind} in {version}")
            return self._kinds[version, kind]

    def _request(
        self, method: str, path: str, query: list[tuple[str, str]] | None = None, body: bytes | None = None
    ) -> Any:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        headers = {"Accept": "application/json", "Content-Type": _APPLY if method == "PATCH" else "application/json"}
        try:
            call = self._client.param_serialize(
                method, path, query_params=query, header_params=headers, body=body, auth_settings=["BearerToken"]
            )
            raw = self._client.call_api(*call, _request_timeout=_TIMEOUT)
            data = raw.read()
            if not 200 <= raw.status < 300:
                raise KubernetesError(raw.status, _message(data, raw.reason))
        except ApiException as error:
            raise KubernetesError(error.status or 0, _message(error.body, error.reason)) from error
        except HTTPError as error:
            server = self._client.configuration.host
            raise Unreachable(f"the cluster at {server} can't be reached: {error}") from error
        return json.loads(data)

    @functools.cached_property
    def _client(self) -> Any:
        from kubernetes import config
        from kubernetes.config.config_exception import ConfigException

        try:
            client = config.new_client_from_config_dict(
                self._config, context=self._context, temp_file_path=os.environ.get(_HOME)
            )
        except ConfigException as error:
            raise ProviderError(f"the provider's kubeconfig has no usable credentials: {error}") from error
        client.configuration.retries = 5
        return client


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def _message(body: str | bytes | None, otherwise: str | None) -> str:
    try:
        return json.loads(body or "")["message"]
    except (ValueError, KeyError, TypeError):
        return otherwise or "no reason given"
