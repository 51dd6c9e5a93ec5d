"""Everything that a service is, as objects: a pure function of its spec and surroundings."""

from __future__ import annotations

import base64

from contracts.auraservice import AuraServiceSpec
from operators.auraservice import alerts, gateway, workload
from operators.auraservice.dependencies import Surroundings
from operators.kubernetes import network
from operators.kubernetes.manifest import Manifest, Owner


def early(owner: Owner, spec: AuraServiceSpec) -> list[Manifest]:
    """What depends on nothing. Others wait for the Service, so two services may need each other."""
    return [workload.service_account(owner), network.service(owner, spec.ports)]


def desired(owner: Owner, spec: AuraServiceSpec, around: Surroundings) -> list[Manifest]:
    """All objects in the order in which they are to be made; kinds that the cluster does not serve are left out."""
    objects = early(owner, spec)
    if around.secrets:
        data = {name: base64.b64encode(value.encode()).decode() for name, value in sorted(around.secrets.items())}
        content = {"type": "Opaque", "data": data}
        objects.append(owner.manifest("v1", "Secret", workload.secret_name(owner), content))
    objects.append(
        network.policy(
            owner, spec.ports.values(), spec.needs, routed=bool(spec.routes), database=spec.database is not None
        )
    )
    objects.append(workload.deployment(owner, spec, around))
    objects.append(workload.disruption_budget(owner))
    if workload.replicas(spec, around.passive) is None:
        objects.append(workload.autoscaler(owner, spec))
    objects += gateway.routes(owner, spec, around)
    objects += alerts.alerts(owner, spec)
    return [one for one in objects if (one["apiVersion"], one["kind"]) in around.served]
