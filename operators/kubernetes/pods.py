"""What all Pods have in common: placement, probes, environment. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contracts.platform import PLATFORM_CONFIG
from contracts.resource import Placement
from contracts.variables import HOST, POD_IP, POD_NAME, SECRETS_OF_NEEDS
from operators.kubernetes.manifest import Manifest, Owner, env_vars

TERMINATION_GRACE_PERIOD_SECONDS = 30
PRE_STOP_SECONDS = 5
"""Before SIGTERM: the kubelet sends it at the same time as the Pod leaves its Services' endpoints, and until every
proxy knows, requests still arrive."""
PROGRESS_DEADLINE_SECONDS = 600
"""Before a rollout counts as stuck: a node may have to be bought, to join and to pull the image, and the container may
take its time to start. What a Pod itself says about a problem is told at once."""
_CAPACITY = {Placement.SPOT: "SPOT", Placement.ON_DEMAND: "ON_DEMAND"}
_STATEFUL = {"key": "aura/stateful", "operator": "Exists", "effect": "NoSchedule"}

TERMINATION_MESSAGE_POLICY = "FallbackToLogsOnError"
"""The kubelet puts the end of a failed container's log into its status, from where it reaches the conditions."""
_AUTHORITY = "database-authority"
DATABASE_CA_FILE = f"/etc/{_AUTHORITY}/ca.crt"


def placement(where: Placement) -> Manifest:
    """Node selector of a node group, and for on-demand the toleration of nodes that are tainted for stateful Pods."""
    placed: Manifest = {"nodeSelector": {"eks.amazonaws.com/capacityType": _CAPACITY[where]}}
    return placed | {"tolerations": [_STATEFUL]} if where is Placement.ON_DEMAND else placed


def tolerations_of_a_lost_node(seconds: int) -> list[Manifest]:
    """For how long a Pod stays on a node that does not answer, instead of Kubernetes' five minutes."""
    return [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}
        for key in ("not-ready", "unreachable")
    ]


def topology_spread_constraints(selector: Mapping[str, str]) -> list[Manifest]:
    """Spreads the Pods of one rollout over zones and nodes; never keeps a Pod from being scheduled."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(selector)},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def disruption_budget(owner: Owner) -> Manifest:
    """One Pod at a time: with `minAvailable`, a node with the only Pod could never be drained. Pods that serve nobody
    do not keep a node either."""
    content = {
        "selector": {"matchLabels": owner.selector},
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    return owner.manifest("policy/v1", "PodDisruptionBudget", owner.name, {"spec": content})


def environment(values: Mapping[str, str], secrets: list[Manifest]) -> list[Manifest]:
    """A container's `env`: the Pod's address and name, plain values, then those from Secrets."""
    return [
        {"name": POD_IP, "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": POD_NAME, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": HOST, "value": f"$({POD_IP})"},
        *env_vars(values),
        *secrets,
    ]


def platform_config() -> Manifest:
    """An `envFrom` entry with the region's configuration, which infra/ writes."""
    return {"configMapRef": {"name": PLATFORM_CONFIG}}


def platform_secrets(needs: Iterable[str]) -> list[Manifest]:
    """Entries of `env` with the passwords of what is needed. Optional: brokers of another kind may ask for none."""
    return [
        {
            "name": variable,
            "valueFrom": {"secretKeyRef": {"name": PLATFORM_CONFIG, "key": variable, "optional": True}},
        }
        for need in needs
        for variable in SECRETS_OF_NEEDS.get(need, ())
    ]


def authority_secret(database: str) -> str:
    """The Secret in which CloudNativePG keeps the authority that certifies its Cluster `database`."""
    return f"{database}-ca"


def authority_volume(database: str) -> Manifest:
    """The authority of CloudNativePG's Cluster `database`: its certificate, which is stored beside its private key."""
    secret = {"secretName": authority_secret(database), "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    return {"name": _AUTHORITY, "secret": secret}


def authority_mount() -> Manifest:
    """Of that volume; the file is DATABASE_CA_FILE."""
    return {"name": _AUTHORITY, "mountPath": f"/etc/{_AUTHORITY}", "readOnly": True}


def lifecycle() -> Manifest:
    """Of a container that serves: it takes requests for a while after its Pod was deleted."""
    return {"preStop": {"sleep": {"seconds": PRE_STOP_SECONDS}}}


def probes(start_seconds: int) -> Manifest:
    """Probes of a container with the port `http`; it may take `start_seconds` to start."""
    live, ready = {"path": "/healthz", "port": "http"}, {"path": "/readyz", "port": "http"}
    return {
        "startupProbe": {"httpGet": live, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": start_seconds},
        "livenessProbe": {"httpGet": live, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3},
        "readinessProbe": {"httpGet": ready, "periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 2},
    }
