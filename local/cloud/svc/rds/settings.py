"""The parameters of an instance, as its server gets them."""

from __future__ import annotations

from local.cloud.svc.rds.classes import CLASSES
from local.cloud.svc.rds.model import Instance, RdsState
from local.cloud.svc.rds.parameters import change

_DEFAULTS = {"rds.force_ssl": "1", "shared_preload_libraries": ""}
"""RDS's defaults: connections without TLS are refused from version 15 on.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html"""


def of(state: RdsState, instance: Instance) -> dict[str, str]:
    """RDS's defaults, and what the instance's group sets, with the values that formulas have for its class."""
    group = state.parameter_groups.get(instance.inputs["DBParameterGroupName"])
    known = CLASSES.get(instance.inputs.get("DBInstanceClass", ""))
    variables = {
        "AllocatedStorage": float(instance.inputs.get("AllocatedStorage", 20) << 30),
        "DBInstanceClassMemory": float(memory(instance)),
        "DBInstanceVCPU": known.vcpu if known else 2,
        "EndPointPort": instance.port,
        "TrueIfReplica": int(instance.following is not None),
    }
    return change.concrete(_DEFAULTS | (group.parameters if group else {}), variables)


def memory(instance: Instance) -> int:
    """Bytes that the machine of its class has."""
    known = CLASSES.get(instance.inputs.get("DBInstanceClass", ""))
    return int((known.memory_gib if known else 1) * (1 << 30))
