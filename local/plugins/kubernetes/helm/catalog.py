"""The charts that have a stand-in on this machine, and what each of them honours."""

from __future__ import annotations

from local.plugins.kubernetes.helm.stand_in import ANY, StandIn

_PLACED = {"nodeSelector": ANY, "tolerations": ANY}


def _placed(part: str) -> tuple[str, str]:
    return f"{part}.nodeSelector", f"{part}.tolerations"


STAND_INS = (
    StandIn(
        *("ingress", "0.24.0", "https://charts.konghq.com"),
        "HAProxy, configured from the same objects, in the place of Kong and its ingress controller",
        "gateway.yaml",
        ("kong",),
        honours={
            "gateway.replicaCount": 1,  # it listens at the node's own address
            "gateway.env.ssl_cipher_suite": "modern",
            "gateway.proxy.http.enabled": False,
            "gateway.proxy.tls.servicePort": ANY,
            "controller.ingressController.ingressClass": "kong",
            "controller.replicaCount": 1,
            "controller.nodeSelector": ANY,
            "controller.tolerations": ANY,
        },
        # There is no load balancer: clients reach the gateway at the node's address, which keeps theirs.
        without_meaning=(
            "gateway.podDisruptionBudget",
            "gateway.resources",
            "gateway.topologySpreadConstraints",
            "gateway.manager",
            "gateway.proxy.type",
            "gateway.proxy.annotations",
            "gateway.proxy.externalTrafficPolicy",
        ),
    ),
    StandIn(
        *("cloudnative-pg", "0.29.0", "https://cloudnative-pg.github.io/charts"),
        "PostgreSQL of this machine, one server for each Cluster",
        "cloudnativepg.yaml",
        ("cloudnative-pg",),
        honours={**_PLACED, "crds.create": True},
    ),
    StandIn(
        *("plugin-barman-cloud", "0.7.0", "https://cloudnative-pg.github.io/charts"),
        "definitions only: what it would do is the work of the stand-in of cloudnative-pg",
        "",
        ("plugin-barman-cloud",),
        honours={"crds.create": True},
        without_meaning=tuple(_PLACED),
    ),
    StandIn(
        *("cert-manager", "v1.21.2", "https://charts.jetstack.io"),
        "a controller that signs Certificates by the certificate authority of this machine, whatever their ACME issuer",
        "cert-manager.yaml",
        ("cert-manager",),
        honours={**_PLACED, "crds.enabled": True},
        # The API server's own schema checks the objects, and nothing has to be injected.
        without_meaning=(*_placed("webhook"), *_placed("cainjector"), *_placed("startupapicheck")),
    ),
    StandIn(
        *("external-dns", "1.21.1", "https://kubernetes-sigs.github.io/external-dns"),
        "a controller that writes records of hosts into Route 53's endpoint, which a server of this machine answers",
        "external-dns.yaml",
        honours={
            **_PLACED,
            "provider.name": "aws",
            "serviceAccount.name": ANY,
            "sources": ["gateway-httproute", "service"],
            "domainFilters": ANY,
            "policy": "sync",
            "registry": "txt",
            "txtOwnerId": ANY,
            "triggerLoopOnEvent": True,
            "extraArgs": ["--aws-zone-match-parent"],
        },
        without_meaning=("env",),  # the region of an API that has one endpoint
    ),
    StandIn(
        *("kube-prometheus-stack", "88.5.3", "https://prometheus-community.github.io/helm-charts"),
        "definitions of ServiceMonitors, PodMonitors and PrometheusRules only: nothing is scraped, no alert is raised",
        "",
        ("prometheus-operator",),
        without_meaning=(
            *("prometheusOperator", "prometheus", "alertmanager", "kube-state-metrics", "grafana"),
            *("kubeControllerManager", "kubeEtcd", "kubeScheduler", "kubeProxy"),
        ),
    ),
    StandIn(
        *("cluster-autoscaler", "9.56.0", "https://kubernetes.github.io/autoscaler"),
        "nothing runs here: node groups keep the size that they are given",
        without_meaning=(
            *_PLACED,
            *("fullnameOverride", "cloudProvider", "awsRegion", "autoDiscovery", "rbac", "extraArgs"),
        ),
    ),
)


def refusal(chart: str, version: str, repository: str) -> str:
    """Why there is no stand-in for it."""
    of_name = [one for one in STAND_INS if one.chart == chart]
    if not of_name:
        known = ", ".join(one.chart for one in STAND_INS)
        return f"the chart {chart} has no stand-in on this machine, which has those of {known}"
    one = of_name[0]
    if repository != one.repository:
        other = repository or "no repository"
        return f"the stand-in of the chart {chart} is for the one in {one.repository}, not in {other}"
    return f"the stand-in of the chart {chart} is for its version {one.version}, not for {version or 'the newest'}"


def find(chart: str, version: str, repository: str) -> StandIn | None:
    wanted = (chart, version, repository)
    return next((one for one in STAND_INS if (one.chart, one.version, one.repository) == wanted), None)
