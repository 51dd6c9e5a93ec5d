"""The controllers of a cluster as Helm charts: pinned versions, in the order of their dependencies, with their values.

Each value is one that the chart of this version documents. A new version of a chart means reading its values again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from contracts.gateway import GATEWAY_PODS, INGRESS_CLASS
from infra.settings import settings

Values = Mapping[str, object]

_STEADY: Values = {
    "nodeSelector": {"eks.amazonaws.com/capacityType": "ON_DEMAND"},
    "tolerations": [{"key": "aura/stateful", "operator": "Exists", "effect": "NoSchedule"}],
}
"""On nodes that AWS does not take back: a controller that moves is one that does nothing meanwhile."""


@settings
class ControllersConfig:
    gateway_port: Annotated[int, Field(ge=1, le=65535)]
    """Port of the load balancer and of the Gateway's listener: Kong serves a listener only if they are equal."""
    gateways: Annotated[int, Field(ge=1)]
    """Kong's proxies."""


@dataclass(frozen=True)
class Facts:
    """What the values need to know of the region."""

    cluster: str
    region: str
    domain: str
    config: ControllersConfig
    own_domain: str = ""
    """Of the region's own names, where the program itself makes the platform's hosts of them."""


@dataclass(frozen=True)
class Chart:
    """`release` is its name in the cluster and begins the names of its objects; `after` are releases that it needs."""

    release: str
    chart: str
    version: str
    repository: str
    namespace: str
    values: Callable[[Facts], Values]
    after: tuple[str, ...] = ()


_SPREAD = [
    {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": GATEWAY_PODS},
    }
    for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
]
"""A node that AWS takes back ends the sockets of one proxy, not of all."""


def _kong(facts: Facts) -> Values:
    balancer = {
        # A network load balancer cuts connections that were silent for 350 s; sockets are silent for 300 s at most.
        "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
        "service.beta.kubernetes.io/aws-load-balancer-cross-zone-load-balancing-enabled": "true",
    }
    return {
        "controller": {**_STEADY, "replicaCount": 1, "ingressController": {"ingressClass": INGRESS_CLASS}},
        "gateway": {
            "replicaCount": facts.config.gateways,
            "env": {"ssl_cipher_suite": "modern"},  # TLS 1.3 and nothing older
            # The chart refuses one for a single proxy.
            "podDisruptionBudget": {"enabled": facts.config.gateways > 1, "maxUnavailable": 1},
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
            "topologySpreadConstraints": _SPREAD,
            "manager": {"enabled": False},  # a page for people, on a port of every node
            "proxy": {
                "type": "LoadBalancer",
                "annotations": balancer,
                "externalTrafficPolicy": "Local",  # keeps the clients' addresses
                "http": {"enabled": False},
                "tls": {"servicePort": facts.config.gateway_port},
            },
        },
    }


def _cert_manager(_: Facts) -> Values:
    parts = dict.fromkeys(("webhook", "cainjector", "startupapicheck"), _STEADY)
    return {**_STEADY, **parts, "crds": {"enabled": True}}


def _operator(_: Facts) -> Values:
    return {**_STEADY, "crds": {"create": True}}


def _external_dns(facts: Facts) -> Values:
    """In a pair only the names of the region itself: the hosts of its routes are Route 53's failover records."""
    return {
        **_STEADY,
        "provider": {"name": "aws"},
        "env": [{"name": "AWS_DEFAULT_REGION", "value": facts.region}],
        "serviceAccount": {"name": "external-dns"},
        "sources": ["gateway-httproute", "service"],
        "domainFilters": [facts.own_domain or facts.domain],
        "extraArgs": ["--aws-zone-match-parent"],  # the zone may be one above the domain
        "policy": "sync",  # a host that no route has any more loses its record
        "registry": "txt",
        "txtOwnerId": facts.cluster,  # records of others, by hand or of another cluster, are left alone
        "triggerLoopOnEvent": True,
    }


def _prometheus(_: Facts) -> Values:
    selectors = ("serviceMonitor", "podMonitor", "probe", "rule", "scrapeConfig")
    # What belongs to the control plane is AWS's: nothing there can be scraped, and each would be an alert for ever.
    of_aws = ("kubeControllerManager", "kubeEtcd", "kubeScheduler", "kubeProxy")
    return {
        "prometheusOperator": _STEADY,
        "prometheus": {
            "prometheusSpec": {
                **_STEADY,
                # Otherwise only objects with this release's label count, and the operators' have none.
                **{f"{selector}SelectorNilUsesHelmValues": False for selector in selectors},
                "retention": "15d",
                "storageSpec": {
                    "volumeClaimTemplate": {
                        "spec": {
                            "storageClassName": "gp3",
                            "accessModes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": "50Gi"}},
                        }
                    }
                },
            }
        },
        "alertmanager": {"alertmanagerSpec": _STEADY},
        "kube-state-metrics": _STEADY,
        "grafana": {"enabled": False},  # its administrator would have the chart's own password
        **{component: {"enabled": False} for component in of_aws},
    }


def _autoscaler(facts: Facts) -> Values:
    return {
        **_STEADY,
        "fullnameOverride": "cluster-autoscaler",
        "cloudProvider": "aws",
        "awsRegion": facts.region,
        "autoDiscovery": {"clusterName": facts.cluster},
        "rbac": {"serviceAccount": {"name": "cluster-autoscaler"}},
        "extraArgs": {"balance-similar-node-groups": True, "skip-nodes-with-local-storage": False},
    }


_KONG = "https://charts.konghq.com"
_POSTGRES = "https://cloudnative-pg.github.io/charts"

CHARTS = (
    Chart("cert-manager", "cert-manager", "v1.21.2", "https://charts.jetstack.io", "cert-manager", _cert_manager),
    Chart("kong", "ingress", "0.24.0", _KONG, "kong", _kong),
    Chart("cnpg", "cloudnative-pg", "0.29.0", _POSTGRES, "cnpg-system", _operator),
    # Its two sides talk TLS by certificates of cert-manager, and it registers with CloudNativePG.
    Chart(
        *("plugin-barman-cloud", "plugin-barman-cloud", "0.7.0", _POSTGRES, "cnpg-system", _operator),
        after=("cert-manager", "cnpg"),
    ),
    Chart(
        "external-dns",
        "external-dns",
        "1.21.1",
        "https://kubernetes-sigs.github.io/external-dns",
        "external-dns",
        _external_dns,
    ),
    Chart(
        "prometheus",
        "kube-prometheus-stack",
        "88.5.3",
        "https://prometheus-community.github.io/helm-charts",
        "monitoring",
        _prometheus,
    ),
    Chart(
        "cluster-autoscaler",
        "cluster-autoscaler",
        "9.56.0",
        "https://kubernetes.github.io/autoscaler",
        "kube-system",
        _autoscaler,
    ),
)
