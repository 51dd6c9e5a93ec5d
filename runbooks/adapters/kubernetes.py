"""Kubernetes of one region: its role, and whether what is declared there is Ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from contracts.conditions import READY
from contracts.platform import NAMESPACE, PLATFORM_CONFIG, REGION_ROLE
from runbooks.ports import Refused, Unreachable

_GROUP, _VERSION = "platform.aurawellness.com", "v1alpha1"
_PLURALS = ("auraservices", "biostreams")
_TIMEOUT = 5


class RegionCluster:
    def __init__(self, region: str, connect: Callable[[], client.ApiClient]) -> None:
        """`connect` may fail while the region does; it is asked when the cluster is."""
        self._region, self._connect = region, connect

    def role(self) -> str:
        return self.config(PLATFORM_CONFIG).get(REGION_ROLE, "")

    def config(self, name: str) -> dict[str, str]:
        """The data of a ConfigMap of the platform. Raises Refused when it does not exist."""
        with self._answers() as api:
            found: Any = client.CoreV1Api(api).read_namespaced_config_map(name, NAMESPACE, _request_timeout=_TIMEOUT)
        return found.data or {}

    def set_role(self, role: str) -> None:
        with self._answers() as api:
            client.CoreV1Api(api).patch_namespaced_config_map(
                PLATFORM_CONFIG, NAMESPACE, {"data": {REGION_ROLE: role}}, _request_timeout=_TIMEOUT
            )

    def unready(self) -> Sequence[str]:
        with self._answers() as api:
            objects = client.CustomObjectsApi(api)
            items = [
                item
                for plural in _PLURALS
                for item in _items(
                    objects.list_namespaced_custom_object(
                        _GROUP, _VERSION, NAMESPACE, plural, _request_timeout=_TIMEOUT
                    )
                )
            ]
        return [f"{item['kind']} {item['metadata']['name']}: {why}" for item in items if (why := _unready(item))]

    def _answers(self) -> AbstractContextManager[client.ApiClient]:
        return answers(self._region, self._connect)


@contextmanager
def answers(region: str, connect: Callable[[], client.ApiClient]) -> Iterator[client.ApiClient]:
    """A client; its errors as Unreachable and Refused."""
    whom = f"the cluster in {region}"
    try:
        yield connect()
    except ApiException as error:
        if error.status is None or error.status in (0, 429) or error.status >= 500:
            raise Unreachable(f"{whom}: {error.status} {error.reason}") from error
        raise Refused(f"{whom}: {error.status} {error.reason}") from error
    except (HTTPError, ConfigException, OSError) as error:
        raise Unreachable(f"{whom} does not answer ({type(error).__name__})") from error


def _items(answer: Any) -> list[dict[str, Any]]:
    return answer["items"]


def _unready(item: dict[str, Any]) -> str | None:
    """Why a custom resource is not Ready in its present generation; None when it is."""
    for condition in item.get("status", {}).get("conditions", []):
        if condition["type"] == READY:
            if condition.get("observedGeneration") != item["metadata"].get("generation"):
                return "not reconciled yet"
            return None if condition["status"] == "True" else condition.get("message") or condition.get("reason", "")
    return "no status yet"
