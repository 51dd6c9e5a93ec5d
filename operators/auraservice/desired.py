"""All objects of a service: a pure function of its spec and dependencies."""

from __future__ import annotations

import base64

from contracts.auraservice import AuraServiceSpec
from contracts.variables import AWS
from operators.auraservice import alerts, autoscaling, gateway, token_keys, workload
from operators.auraservice.dependencies import Dependencies, all_needs
from operators.kubernetes import network, pods
from operators.kubernetes.manifest import Manifest, Owner


def desired_early(owner: Owner, spec: AuraServiceSpec) -> list[Manifest]:
    """Objects without dependencies. Other services wait for the Service, so two services may need each other."""
    return [workload.service_account(owner), _service(owner, spec)]


def desired(owner: Owner, spec: AuraServiceSpec, dependencies: Dependencies) -> list[Manifest]:
    """All objects in the order of their creation, without kinds that the cluster does not serve."""
    objects = desired_early(owner, spec)
    if dependencies.secrets:
        data = {name: base64.b64encode(value.encode()).decode() for name, value in sorted(dependencies.secrets.items())}
        content = {"type": "Opaque", "data": data}
        objects.append(owner.manifest("v1", "Secret", workload.secret_name(owner), content))
    objects += token_keys.credentials(owner, spec, dependencies.secrets)
    objects.append(
        network.network_policy(
            owner,
            spec.ports.values(),
            all_needs(spec, dependencies.leased),
            routed=bool(spec.routes),
            database=spec.database is not None or spec.monitors is not None,
            aws=dependencies.aws if AWS in spec.needs else None,
            opensearch=dependencies.opensearch,
        )
    )
    objects.append(workload.deployment(owner, spec, dependencies))
    objects.append(pods.disruption_budget(owner))
    if workload.replicas(spec, dependencies.passive) is None:
        objects.append(autoscaling.autoscaler(owner, spec))
    objects += gateway.routes(owner, spec, dependencies)
    objects += alerts.alerts(owner, spec)
    return [one for one in objects if (one["apiVersion"], one["kind"]) in dependencies.served]


def _service(owner: Owner, spec: AuraServiceSpec) -> Manifest:
    service = network.service(owner, spec.ports)
    annotations = gateway.timeouts(spec)
    return {**service, "metadata": {**service["metadata"], "annotations": annotations}} if annotations else service
