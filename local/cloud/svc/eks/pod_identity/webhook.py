"""The mutating webhook of EKS Pod Identity: called by a cluster's API server at the creation of each Pod."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.core.request import Request
from werkzeug.wrappers import Response

from local.cloud.context import CloudContext
from local.cloud.paths import POD_IDENTITY
from local.cloud.svc.eks.model import EksState
from local.cloud.svc.eks.pod_identity.injection import patch

PATH = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
_NAME = "pod-identity-webhook"


def handler(context: CloudContext) -> Callable[[Request], Response]:
    """Handles POST <POD_IDENTITY>/<region>/<cluster>, an AdmissionReview of a Pod."""

    def review(request: Request) -> Response:
        region, _, name = request.path.removeprefix(POD_IDENTITY).strip("/").partition("/")
        asked = json.loads(request.get_data())["request"]
        pod = asked["object"]
        subject = asked["namespace"], pod["spec"].get("serviceAccountName", "default")
        with context.lock:
            state = context.state.get(("eks", region))
            cluster = state.clusters.get(name) if isinstance(state, EksState) else None
            associated = cluster is not None and cluster.association_of(*subject) is not None
        answer: dict[str, Any] = {"uid": asked["uid"], "allowed": True}
        changes = patch(pod, region) if associated else []
        if changes:
            encoded = base64.b64encode(json.dumps(changes).encode()).decode()
            answer |= {"patchType": "JSONPatch", "patch": encoded}
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}
        return Response(json.dumps(review), content_type="application/json")

    return review


def configuration(url: str, authority: Path) -> dict[str, Any]:
    """The object by which an API server knows the webhook. A Pod is created without it when it does not answer."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": _NAME},
        "webhooks": [
            {
                "name": "iam-for-pods.amazonaws.com",
                "admissionReviewVersions": ["v1"],
                "clientConfig": {"url": url, "caBundle": base64.b64encode(authority.read_bytes()).decode()},
                "failurePolicy": "Ignore",
                "objectSelector": {
                    "matchExpressions": [
                        {"key": "eks.amazonaws.com/skip-pod-identity-webhook", "operator": "DoesNotExist"}
                    ]
                },
                "reinvocationPolicy": "IfNeeded",
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
                "sideEffects": "None",
                "timeoutSeconds": 10,
            }
        ],
    }
