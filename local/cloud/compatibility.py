"""What of AWS the local endpoint does, as docs/compatibility.md: `python -m local.cloud.compatibility`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from botocore import xform_name
from moto.core.utils import get_service_model

from local.cloud.context import CloudContext
from local.cloud.moto_backends.admitted import ADMITTED
from local.cloud.svc import services
from local.site import CHECKOUT, Site

_WIDTH = 140
_RULES = {
    "rds": ("svc/rds/rules/table.py", "svc/rds/rules/references.py", "svc/rds/rules/request.py"),
    "kafka": ("svc/msk/rules.py", "svc/msk/properties.py"),
    "elasticache": ("svc/elasticache/rules",),
    "opensearch": ("svc/opensearch/rules.py",),
    "eks": ("svc/eks/rules",),
    "eks-auth": ("svc/eks/rules/pod_identity.py",),
}
"""Where the tables of a service's rules are, below local/cloud."""

_INTRODUCTION = """\
# What of AWS the local endpoint does

This page is printed by `python -m local.cloud.compatibility`.

An operation is done, or it is refused with `NotImplemented` (HTTP status 501, which clients do not retry) and a
message that says that nothing was changed. RDS, MSK, ElastiCache, OpenSearch and EKS have real engines behind
them; their operations are listed here. What AWS refuses is refused at the call with AWS's error: each service has
tables of rules with the page of AWS's documentation that they come from. Values are checked by botocore's models
first (patterns, enumerations, limits): `local/cloud/service/constraints.py`. Lists have pages as botocore's paginators
say: `local/cloud/service/paging.py`.
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
        done = [name for name in names if hasattr(service, xform_name(name))]
        refused = [name for name in names if name not in done]
        yield f"## {service.name}: {len(done)} of {len(names)} operations\n"
        yield "Rules: " + ", ".join(f"`local/cloud/{place}`" for place in _RULES[service.name]) + "\n"
        yield _paragraph("Done: " + ", ".join(done))
        if refused:
            yield _paragraph("Refused: " + ", ".join(refused))


def _motos() -> Iterator[str]:
    yield "## Services of moto\n"
    yield _paragraph(
        "Their resources are records that the endpoint keeps and gives back. Admitted: " + ", ".join(sorted(ADMITTED))
    )
    yield _paragraph("Every other service is refused by its name: nothing would run behind it.")


def _paragraph(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False) + "\n"


if __name__ == "__main__":
    (CHECKOUT / "docs" / "compatibility.md").write_text(page())
