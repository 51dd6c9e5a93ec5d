"""The add-ons of EKS that this cloud has, their versions, and the schemas of their configuration. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema
import yaml


@dataclass(frozen=True)
class Addon:
    """`versions` are newest first; "{kubernetes}" stands for the minor version of the cluster."""

    kind: str
    versions: tuple[str, ...]
    schema: Mapping[str, Any]


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


_TEXT, _FREE = {"type": "string"}, {"type": "object"}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_BOOLEAN, _NUMBER = {"type": "boolean"}, {"type": "integer", "minimum": 0}
_BOOLEAN_TEXT = {"type": "string", "enum": ["true", "false"]}
_LIST = {"type": "array", "items": {"type": "object"}}
_RESOURCES = _object(limits=_FREE, requests=_FREE)
_PLACEMENT = {"affinity": _FREE, "nodeSelector": _TEXTS, "tolerations": _LIST, "resources": _RESOURCES}
_META = {"podAnnotations": _TEXTS, "podLabels": _TEXTS}

CATALOG: Mapping[str, Addon] = {
    "vpc-cni": Addon(
        "networking",
        ("v1.20.4-eksbuild.1", "v1.20.3-eksbuild.1", "v1.19.6-eksbuild.7"),
        _object(
            **_PLACEMENT,
            **_META,
            enableNetworkPolicy=_BOOLEAN_TEXT,
            enableWindowsIpam=_BOOLEAN_TEXT,
            enableWindowsPrefixDelegation=_BOOLEAN_TEXT,
            env=_TEXTS,
            eniConfig=_FREE,
            init=_object(env=_TEXTS, resources=_RESOURCES),
            livenessProbeTimeoutSeconds={"type": "integer"},
            readinessProbeTimeoutSeconds={"type": "integer"},
            nodeAgent=_FREE,
        ),
    ),
    "coredns": Addon(
        "networking",
        ("v1.12.4-eksbuild.1", "v1.12.3-eksbuild.1", "v1.11.4-eksbuild.28"),
        _object(
            **_PLACEMENT,
            **_META,
            autoScaling=_object(enabled=_BOOLEAN, minReplicas=_NUMBER, maxReplicas=_NUMBER),
            computeType=_TEXT,
            corefile=_TEXT,
            podDisruptionBudget=_FREE,
            replicaCount=_NUMBER,
            topologySpreadConstraints={"type": "array"},
        ),
    ),
    "kube-proxy": Addon(
        "networking",
        ("v{kubernetes}.0-eksbuild.2", "v{kubernetes}.0-eksbuild.1"),
        _object(
            **_META, ipvs=_FREE, mode={"type": "string", "enum": ["iptables", "ipvs", "nftables"]}, resources=_RESOURCES
        ),
    ),
    "aws-ebs-csi-driver": Addon(
        "storage",
        ("v1.50.1-eksbuild.1", "v1.49.0-eksbuild.1"),
        _object(
            controller=_FREE,
            defaultStorageClass=_object(enabled=_BOOLEAN),
            node=_FREE,
            sidecars=_FREE,
            additionalDaemonSets=_FREE,
            nodeComponentOnly=_BOOLEAN,
        ),
    ),
    "eks-pod-identity-agent": Addon(
        "security",
        ("v1.3.9-eksbuild.3", "v1.3.9-eksbuild.1", "v1.3.8-eksbuild.2"),
        _object(
            **_PLACEMENT, **_META, agent=_object(additionalArgs=_TEXTS), updateStrategy=_FREE, imagePullSecrets=_LIST
        ),
    ),
    "metrics-server": Addon(
        "observability",
        ("v0.8.0-eksbuild.2", "v0.8.0-eksbuild.1"),
        _object(
            **_PLACEMENT,
            **_META,
            addonResizer=_FREE,
            podDisruptionBudget=_FREE,
            replicas=_NUMBER,
            updateStrategy=_FREE,
        ),
    ),
}
NEEDS_ROLE = {"aws-ebs-csi-driver": "ebs-csi-controller-sa", "vpc-cni": "aws-node"}
"""Add-ons that take a role -> their ServiceAccount."""


def versions(name: str, kubernetes: str) -> list[str]:
    """The versions of an add-on for clusters of a version of Kubernetes, newest first."""
    return [version.format(kubernetes=kubernetes) for version in CATALOG[name].versions]


def configuration_problem(name: str, values: str) -> str | None:
    """What is wrong with configuration values, JSON or YAML, by the add-on's schema."""
    try:
        parsed = yaml.safe_load(values) or {}
        jsonschema.validate(parsed, CATALOG[name].schema)
    except yaml.YAMLError as error:
        return f"ConfigurationValue provided in request is not supported: it is neither JSON nor YAML ({error})"
    except jsonschema.ValidationError as error:
        where = "".join(f"/{part}" for part in error.absolute_path) or "its top level"
        return f"ConfigurationValue provided in request is not supported: {error.message} at {where}"
    return None


def schema_text(name: str) -> str:
    """The schema as DescribeAddonConfiguration gives it."""
    return json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **CATALOG[name].schema})
