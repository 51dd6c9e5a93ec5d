"""Where a registry's images are copied to: one setting of an account in a region."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind
from local.plugins.provider.values import Values

_NONE = {"replicationConfiguration": {"rules": []}}


def _rules(known: Values) -> Any:
    given = known.get("replicationConfiguration")
    if not isinstance(given, dict):
        return None
    return [
        {"destinations": rule["destinations"], "repositoryFilters": rule.get("repositoryFilters") or []}
        for rule in given["rules"]
    ]


_PUT = Call("PutReplicationConfiguration", {"replicationConfiguration": {"rules": "{apiRules}"}})

KINDS = (
    Kind(
        type="aws:ecr/replicationConfiguration:ReplicationConfiguration",
        service="ecr",
        create=_PUT,
        modify=_PUT,
        id="{region}",
        upsert=True,
        derive={"apiRules": _rules},
        derived_from=frozenset({"replicationConfiguration"}),
        read=Call("DescribeRegistry"),
        found="replicationConfiguration.rules && @",
        delete=Call("PutReplicationConfiguration", _NONE),
        inputs=Inputs(source="internal/service/ecr/replication_configuration.go", in_place="replicationConfiguration"),
        outputs={"registryId": "registryId"},
    ),
)
