"""The page: operations that are done and refused, rules, and how to run suites."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore import xform_name
from moto.core.utils import get_service_model

from local.cloud.compatibility import rules
from local.cloud.compatibility.reasons import why
from local.cloud.context import CloudContext
from local.cloud.moto_backends.admitted import ADMITTED
from local.cloud.service.base import Service
from local.cloud.svc import services
from local.site import Site

_WIDTH = 140
_NOTES = {
    "eks": (
        "EKS knows one version of Kubernetes here, that of the binaries that are installed: UpdateClusterVersion has "
        "nothing to go to, unless the platform is as old as the binaries before them."
    ),
    "rds": "SwitchoverReadReplica answers as it does on AWS for PostgreSQL: it is for Oracle and Db2.",
}

_INTRODUCTION = """\
# What of AWS the local endpoint does

This page is printed by `python -m local.cloud.compatibility`.

An operation is done, or it is refused with `NotImplemented` (HTTP status 501, which clients do not retry) and a
message that says that nothing was changed. RDS, MSK, ElastiCache, OpenSearch and EKS have real engines behind
them; their operations are listed here. What AWS refuses is refused at the call with AWS's error: each service has
tables of rules with the page of AWS's documentation that they come from, below. Rules that need more than a row, such
as those of values of parameters, are beside them in `local/cloud/svc`. Values are checked by botocore's models first
(patterns, enumerations, limits): `local/cloud/service/constraints.py`. Lists have pages as botocore's paginators say:
`local/cloud/service/paging.py`.

Signatures are verified, in headers, in URLs and of forms, with the secret of their key: that of a user, of a session,
or of the account, whose keys are those that AWS would not make and have themselves as their secret. The date of a
signature in a header may be any.
"""

_SUITES = """\
## Running a public suite against it

Start the platform or the endpoint alone, and let the suite's clients find it:

    make up && eval "$(bin/aura env)"        # AWS_ENDPOINT_URL, credentials, region
    python -m pytest PATH_OF_A_SUITE         # any suite that uses boto3 without mocks of its own

A suite that makes its own clients takes the endpoint's URL from `AWS_ENDPOINT_URL`; one that starts a server of its
own must be told not to. Requests have to be signed. Regions other than us-west-2 and us-east-1 are refused, but for S3
and KMS in us-east-2, where the witness's bucket is. Tests that expect a lenient answer fail where AWS refuses. Random
calls of every admitted service, with kills of the endpoint in between: `python -m tests.fuzz --only aws`.
"""


def page() -> str:
    """The whole document."""
    return "\n".join([_INTRODUCTION, *_own(), *_motos(), _SUITES])


def _own() -> Iterator[str]:
    for service in services(CloudContext(Site(Path("/nowhere")))):
        names = sorted(get_service_model(service.name).operation_names)
        refused = {name: reason for name in names if (reason := _refusal(service, name))}
        done = [name for name in names if name not in refused]
        yield f"## {service.name}: {len(done)} of {len(names)} operations\n"
        yield _paragraph("Done: " + ", ".join(done))
        if service.name in _NOTES:
            yield _paragraph(_NOTES[service.name])
        yield from _refused(refused)
        yield from _table(service.name)


def _refusal(service: Service[Any], operation: str) -> str:
    """What of AWS's is not here, for an operation that is refused always; else empty."""
    method = getattr(service, xform_name(operation), None)
    return getattr(method, "refused", "") if method else why(service.name, operation)


def _refused(reasons: dict[str, str]) -> Iterator[str]:
    operations: dict[str, list[str]] = defaultdict(list)
    for name, reason in reasons.items():
        operations[reason].append(name)
    if operations:
        yield "Refused:\n"
        yield "\n".join(_item(f"{reason}. {', '.join(names)}") for reason, names in operations.items()) + "\n"


def _table(service: str) -> Iterator[str]:
    found = rules.rows(service)
    if found:
        yield "| what is refused | AWS's error | source |\n| --- | --- | --- |"
        yield "\n".join(map(str, found)) + "\n"


def _motos() -> Iterator[str]:
    yield "## Services of moto\n"
    yield _paragraph(
        "Their resources are records that the endpoint keeps and gives back. Admitted: " + ", ".join(sorted(ADMITTED))
    )
    yield _paragraph("Every other service is refused by its name: nothing would run behind it.")
    yield _paragraph("What AWS refuses there and moto does not, by `local/cloud/strict`:")
    yield "\n".join(_item(f"{about} {operations}") for about, operations in rules.of_moto()) + "\n"


def _item(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False)


def _paragraph(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False) + "\n"
