"""Every service of moto that the endpoint admits: used by a read, kept over a kill, and gives the same answer again."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from local.cloud import endpoint
from local.cloud.moto_backends.admitted import ADMITTED
from tests.fixtures.cloud import Cloud, code_of
from tests.fuzz.aws_inputs import Inputs, Known

pytestmark = pytest.mark.integration

READS = ("List", "Describe", "Get")


WITHOUT_READS = {
    *("account", "appconfig", "dynamodbstreams", "ebs", "networkfirewall"),
    *("s3control", "servicequotas", "xray"),
}
"""moto carries no read out before there is something to read; test_backends.py has them too."""


def services() -> dict[str, str]:
    """moto's package -> botocore's name, of what is admitted."""
    known = {name.replace("-", ""): name for name in botocore.session.get_session().get_available_services()}
    return {package: known[package] for package in sorted(ADMITTED)}


def answer(client: Any, operation: str, inputs: dict[str, Any]) -> str:
    found = getattr(client, xform_name(operation))(**inputs)
    found.pop("ResponseMetadata")
    return json.dumps(found, default=str, sort_keys=True)


def read(client: Any) -> tuple[str, dict[str, Any], str] | None:
    """The first read that is carried out, with its inputs and its answer. Those without parameters come first."""
    model = client.meta.service_model
    shapes = {n: model.operation_model(n).input_shape for n in model.operation_names if n.startswith(READS)}
    simplest = sorted(shapes, key=lambda name: len(shapes[name].required_members) if shapes[name] else 0)
    for operation in simplest[:12]:
        inputs = Inputs(Random(1), client.meta.service_model.service_name, Known()).required(shapes[operation])
        try:
            first = answer(client, operation, inputs)
            if first == answer(client, operation, inputs):  # others tell the time
                return operation, inputs, first
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            assert status in (400, 404, 409, 501) and code_of(error), error
        except (ParamValidationError, EndpointConnectionError):
            continue  # the client refuses what this made up, or asks a host of its own (S3 Control, by account)
    return None


def test_every_admitted_service_is_kept(cloud: Cloud) -> None:
    clients = {package: cloud.client(service, region="us-east-1") for package, service in services().items()}
    before = {package: read(client) for package, client in clients.items()}
    assert {package for package, found in before.items() if found is None} <= WITHOUT_READS
    cloud.client("sns", region="us-east-1").create_topic(Name="test-walk")
    endpoint.process(cloud.site).kill()
    endpoint.start(cloud.site)
    for package, found in before.items():
        if found is not None and package != "sns":
            assert answer(clients[package], *found[:2]) == found[2], package
    assert "test-walk" in str(cloud.client("sns", region="us-east-1").list_topics()["Topics"])


@pytest.mark.parametrize("service", ["batch", "config", "ecs", "lambda", "redshift", "resourcegroupstaggingapi"])
def test_what_is_not_admitted_is_refused_by_name(cloud: Cloud, service: str) -> None:
    client = cloud.client(service)
    operation = next(o for o in client.meta.service_model.operation_names if _has_no_required(client, o))
    with pytest.raises(ClientError, match="the service") as refused:
        getattr(client, xform_name(operation))()
    assert code_of(refused.value) == "NotImplemented"


def _has_no_required(client: Any, operation: str) -> bool:
    shape = client.meta.service_model.operation_model(operation).input_shape
    return shape is None or not shape.required_members
