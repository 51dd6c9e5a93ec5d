"""Access policies: what they allow. Pure.

The tables are those of the EKS User Guide, "Review access policy permissions".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

ARN = "arn:aws:eks::aws:cluster-access-policy/"
_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")


@dataclass(frozen=True)
class Allowed:
    """Verbs on resources ("pods/log" is a subresource) of API groups; "*" stands for all."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]


def _rule(group: str, resources: str, verbs: tuple[str, ...]) -> Allowed:
    return Allowed((group,), tuple(resources.split()), verbs)


_APPS_READ = (
    "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets "
    "replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status"
)
_APPS_WRITE = (
    "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets "
    "statefulsets/scale"
)
_EXTENSIONS_READ = (
    "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status "
    "networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale"
)
_EXTENSIONS_WRITE = (
    "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets "
    "replicasets/scale replicationcontrollers/scale"
)
_CORE_READ = (
    "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers "
    "replicationcontrollers/scale serviceaccounts services services/status bindings events limitranges namespaces "
    "namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status"
)
_CORE_SECRET = "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"
_CORE_WRITE = (
    "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets "
    "serviceaccounts services services/proxy pods pods/attach pods/exec pods/portforward pods/proxy"
)

_VIEW = (
    _rule("apps", _APPS_READ, _READ),
    _rule("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status", _READ),
    _rule("batch", "cronjobs cronjobs/status jobs jobs/status", _READ),
    _rule("discovery.k8s.io", "endpointslices", _READ),
    _rule("extensions", _EXTENSIONS_READ, _READ),
    _rule("networking.k8s.io", "ingresses ingresses/status networkpolicies", _READ),
    _rule("policy", "poddisruptionbudgets poddisruptionbudgets/status", _READ),
    _rule("", _CORE_READ, _READ),
)
_EDIT = (
    *_VIEW,
    _rule("apps", _APPS_WRITE, _WRITE),
    _rule("autoscaling", "horizontalpodautoscalers", _WRITE),
    _rule("batch", "cronjobs jobs", _WRITE),
    _rule("extensions", _EXTENSIONS_WRITE, _WRITE),
    _rule("networking.k8s.io", "ingresses networkpolicies", _WRITE),
    _rule("policy", "poddisruptionbudgets", _WRITE),
    _rule("", _CORE_SECRET, _READ),
    _rule("", _CORE_WRITE, _WRITE),
    _rule("", "serviceaccounts", ("impersonate",)),
)
_ADMIN = (
    *_EDIT,
    _rule("authorization.k8s.io", "localsubjectaccessreviews", ("create",)),
    _rule("rbac.authorization.k8s.io", "rolebindings roles", (*_READ, *_WRITE)),
)
CLUSTER_ADMIN = ARN + "AmazonEKSClusterAdminPolicy"
POLICIES: Mapping[str, tuple[Allowed, ...]] = {
    ARN + "AmazonEKSAdminPolicy": _ADMIN,
    ARN + "AmazonEKSAdminViewPolicy": (_rule("*", "*", _READ),),
    CLUSTER_ADMIN: (_rule("*", "*", ("*",)),),
    ARN + "AmazonEKSEditPolicy": _EDIT,
    ARN + "AmazonEKSSecretReaderPolicy": (_rule("", "secrets", _READ),),
    ARN + "AmazonEKSViewPolicy": _VIEW,
}
"""Those for people; AWS has others, for its own components."""


def allows(associations: Iterable[Mapping[str, Any]], spec: Mapping[str, Any]) -> bool:
    """Whether access policies allow what a SubjectAccessReview's `spec` asks.

    `associations` are as DescribeAccessEntry's policies: {"policyArn", "accessScope"}.
    """
    return any(_allows(association, spec) for association in associations)


def _allows(association: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    policy, scope = association["policyArn"], association["accessScope"]
    resource = spec.get("resourceAttributes")
    if resource is None:  # a path such as /metrics, which only one policy covers, and no namespace holds
        return policy == CLUSTER_ADMIN and scope["type"] == "cluster"
    namespace = resource.get("namespace", "")
    if scope["type"] == "namespace" and not any(namespace and fnmatchcase(namespace, p) for p in scope["namespaces"]):
        return False
    subresource = resource.get("subresource", "")
    name = resource["resource"] + (f"/{subresource}" if subresource else "")
    return any(
        _among(resource.get("group", ""), rule.groups)
        and _among(name, rule.resources)
        and _among(resource["verb"], rule.verbs)
        for rule in POLICIES.get(policy, ())
    )


def _among(value: str, known: tuple[str, ...]) -> bool:
    return "*" in known or value in known
