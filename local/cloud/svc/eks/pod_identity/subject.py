"""Whose token it is: the cluster's own API server says it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.pod_identity.injection import AUDIENCE
from local.engines.kubernetes.administration import Administrator

_PREFIX = "system:serviceaccount:"
_POD = "authentication.kubernetes.io/pod-"


@dataclass(frozen=True)
class Subject:
    """A Pod, as its ServiceAccount."""

    namespace: str
    service_account: str
    pod: str
    pod_uid: str


def subject_of(token: str, cluster: Administrator, now: float) -> Subject:
    """The bearer of a token for Pod Identity, which the cluster issued and whose Pod it still has.

    Calls the cluster's API server. Raises AwsError: ExpiredTokenException, InvalidTokenException, and
    ServiceUnavailableException when the API server does not answer. `now` in seconds since the epoch.
    """
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token, "audiences": [AUDIENCE]},
    }
    code, answer = cluster.call("POST", "/apis/authentication.k8s.io/v1/tokenreviews", review)
    if code != 201:
        raise AwsError("ServiceUnavailableException", f"The API server of {cluster.cluster.name} does not answer.")
    status = answer.get("status", {})
    user = status.get("user", {})
    if not status.get("authenticated") or AUDIENCE not in status.get("audiences", []):
        if _expires(token) < now:
            raise AwsError("ExpiredTokenException", "The token has expired.")
        message = f"The token is none that this cluster issued for {AUDIENCE} to a Pod that exists."
        raise AwsError("InvalidTokenException", message)
    extra: dict[str, list[str]] = user.get("extra", {})
    namespace, _, account = user["username"].removeprefix(_PREFIX).partition(":")
    pod = extra.get(f"{_POD}name", [])
    if not user["username"].startswith(_PREFIX) or not pod:
        raise AwsError("InvalidTokenException", "The token is not bound to a Pod.")
    return Subject(namespace, account, pod[0], extra[f"{_POD}uid"][0])


def _expires(token: str) -> float:
    """When the token says that it expires, in seconds since the epoch; infinite if it does not say so."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
