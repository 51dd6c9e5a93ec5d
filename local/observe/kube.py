"""Custom resources and Pods of a region's cluster."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from local.observe.errors import first_line
from local.observe.model import Condition, CustomResource, Pod

UNAVAILABLE = ApiException, HTTPError, ConfigException
"""Exceptions of a call to a cluster that is unavailable."""
NO_CLUSTER = "no cluster runs here; `make up` starts the platform"
GROUP, VERSION = "platform.aurawellness.com", "v1alpha1"
KINDS = {"AuraService": "auraservices", "BioStream": "biostreams"}


def connect(kubeconfig: Path) -> client.ApiClient:
    """A client of the cluster; raises kubernetes' ConfigException when the file does not exist.

    Credentials that it must write to files lie beside the kubeconfig, because they outlive a killed process.
    """
    if not kubeconfig.exists():
        raise ConfigException(f"there is no {kubeconfig}")
    content: Any = yaml.safe_load(kubeconfig.read_text())
    return config.new_client_from_config_dict(content, temp_file_path=str(kubeconfig.with_suffix(".login")))


def unavailable_message(region: str, error: Exception) -> str:
    """A sentence about an exception of UNAVAILABLE, with what to do."""
    detail = f"{error.status} {error.reason}" if isinstance(error, ApiException) else first_line(error)
    what = "refuses" if isinstance(error, ApiException) else "does not answer"
    return f"the cluster in {region} {what} ({detail}); `aura status` shows what runs, `make up` starts the rest"


def custom_resources(api: client.ApiClient, region: str) -> list[CustomResource]:
    """All AuraServices and BioStreams; kinds whose CRD is not installed yet are skipped."""
    found: list[CustomResource] = []
    objects = client.CustomObjectsApi(api)
    for kind, plural in KINDS.items():
        try:
            answer: Any = objects.list_cluster_custom_object(GROUP, VERSION, plural, _request_timeout=5)
        except ApiException as error:
            if error.status == 404:
                continue
            raise
        found.extend(_custom_resource(region, kind, item) for item in answer["items"])
    return found


def _custom_resource(region: str, kind: str, item: dict[str, Any]) -> CustomResource:
    status = item.get("status") or {}
    lag = status.get("lag")
    return CustomResource(
        region,
        kind,
        item["metadata"]["namespace"],
        item["metadata"]["name"],
        [
            Condition(c["type"], c["status"], c.get("reason", ""), c.get("message", ""))
            for c in status.get("conditions", [])
        ],
        "" if lag is None else str(lag),
    )


def spec(api: client.ApiClient, plural: str, namespace: str, name: str) -> dict[str, Any]:
    """The spec of a custom resource; raises kubernetes' ApiException when it does not exist."""
    found: Any = client.CustomObjectsApi(api).get_namespaced_custom_object(
        GROUP, VERSION, namespace, plural, name, _request_timeout=5
    )
    return found["spec"]


def pods(api: client.ApiClient, region: str) -> list[Pod]:
    return [_pod(region, pod) for pod in client.CoreV1Api(api).list_pod_for_all_namespaces(_request_timeout=5).items]


def _pod(region: str, pod: client.V1Pod) -> Pod:
    assert pod.metadata and pod.spec and pod.status, "the API server gives every Pod these three"
    containers = pod.status.container_statuses or []
    conditions = {c.type: c.status for c in pod.status.conditions or []}
    return Pod(
        region,
        pod.metadata.namespace or "",
        pod.metadata.name or "",
        pod.spec.node_name or "",
        "Terminating" if pod.metadata.deletion_timestamp else pod.status.phase or "Pending",
        conditions.get("Ready") == "True",
        sum(c.restart_count for c in containers),
        next(filter(None, map(_container_reason, containers)), ""),
        (pod.metadata.labels or {}).get("app.kubernetes.io/name", ""),
    )


def _container_reason(container: client.V1ContainerStatus) -> str:
    state = container.state
    if state and state.waiting:
        return state.waiting.reason or "waiting"
    if state and state.terminated:
        return f"{state.terminated.reason or 'ended'} ({state.terminated.exit_code})"
    return ""


def secret(api: client.ApiClient, namespace: str, name: str) -> dict[str, str] | None:
    """The data of a Secret, or None when it does not exist."""
    try:
        found = client.CoreV1Api(api).read_namespaced_secret(name, namespace, _request_timeout=5)
    except ApiException as error:
        if error.status == 404:
            return None
        raise
    return {key: base64.b64decode(value).decode() for key, value in (found.data or {}).items()}


def config_map(api: client.ApiClient, namespace: str, name: str) -> dict[str, str] | None:
    """The data of a ConfigMap, or None when it does not exist."""
    try:
        return client.CoreV1Api(api).read_namespaced_config_map(name, namespace, _request_timeout=5).data or {}
    except ApiException as error:
        if error.status == 404:
            return None
        raise


def load_balancer_address(api: client.ApiClient, namespace: str, name: str) -> str | None:
    """Host and first port of a Service's load balancer; None until it has one."""
    try:
        service: Any = client.CoreV1Api(api).read_namespaced_service(name, namespace, _request_timeout=5)
    except ApiException as error:
        if error.status == 404:
            return None
        raise
    ingress = service.status.load_balancer.ingress or []
    return f"{ingress[0].ip}:{service.spec.ports[0].port}" if ingress else None


def gateway_address(api: client.ApiClient, namespace: str, name: str) -> str | None:
    """Host and port of a Gateway's first listener, as its controller reports them; None until it is programmed."""
    try:
        gateway: Any = client.CustomObjectsApi(api).get_namespaced_custom_object(
            "gateway.networking.k8s.io", "v1", namespace, "gateways", name, _request_timeout=5
        )
    except ApiException as error:
        if error.status == 404:
            return None
        raise
    addresses = (gateway.get("status") or {}).get("addresses") or []
    return f"{addresses[0]['value']}:{gateway['spec']['listeners'][0]['port']}" if addresses else None
