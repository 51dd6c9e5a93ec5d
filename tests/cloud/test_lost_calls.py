"""Which calls get to their region while one is lost, and which are refused: by who calls, and where to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from moto.core.request import Request
from werkzeug.test import EnvironBuilder

from local.cloud.context import CloudContext
from local.cloud.http import loss as gate
from local.cloud.http.calls import Call
from local.cloud.moto_backends.roles import open_session
from local.cloud.service.errors import AwsError
from local.loss import model
from local.loss.model import Loss
from local.site import Site

WEST, EAST, WITNESS = "us-west-2", "us-east-1", "us-east-2"
ROLE = "arn:aws:iam::123456789012:role/pod"


@pytest.fixture
def context(tmp_path: Path) -> CloudContext:
    return CloudContext(Site(tmp_path, 3))


def pod(region: str) -> str:
    """Access key of a Pod of the region."""
    return open_session(ROLE, "pod", region, timedelta(hours=1)).access_key


def arrives(context: CloudContext, loss: Loss, key: str, service: str, region: str) -> bool:
    context.losses.change(lambda _: loss)
    try:
        gate.check(context, Call(service, "Any", region, key, service), Request(EnvironBuilder().get_environ()))
    except gate.Unreachable:
        return False
    return True


@pytest.mark.parametrize("loss", [Loss(killed=(WEST,)), Loss(cut=(WEST,))], ids=["killed", "cut off"])
def test_a_lost_region_answers_nobody_outside_and_all_others_answer(context: CloudContext, loss: Loss) -> None:
    for key in ("operator", pod(EAST)):
        assert not arrives(context, loss, key, "rds", WEST)
        assert arrives(context, loss, key, "rds", EAST)
        assert arrives(context, loss, key, "sts", EAST)
        for service in ("iam", "route53"):  # of no region, whatever it is signed for
            assert arrives(context, loss, key, service, WEST)


def test_pods_of_a_region_that_is_cut_off_reach_what_is_in_it_alone(context: CloudContext) -> None:
    loss, inside = Loss(cut=(WEST,)), pod(WEST)
    assert arrives(context, loss, inside, "secretsmanager", WEST)
    assert arrives(context, loss, inside, "sts", WEST)
    assert not arrives(context, loss, inside, "secretsmanager", EAST)
    assert not arrives(context, loss, inside, "iam", WEST)
    assert not arrives(context, loss, inside, "kms", WITNESS)
    assert arrives(context, Loss(), inside, "secretsmanager", EAST)


def test_a_refused_control_plane_says_so_and_data_planes_go_on(context: CloudContext) -> None:
    context.losses.change(lambda loss: model.refuse_calls(loss, True))
    request = Request(EnvironBuilder().get_environ())
    with pytest.raises(AwsError, match="refuse-calls off") as refused:
        gate.check(context, Call("rds", "PromoteReadReplica", EAST, "operator", "rds"), request)
    assert (refused.value.code, refused.value.status) == ("ServiceUnavailable", 503)
    gate.check(context, Call("kms", "Decrypt", EAST, "operator", "kms"), request)
    gate.check(context, Call("s3", "PutObject", EAST, "operator", "s3"), request)
