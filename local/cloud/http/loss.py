"""What becomes of a call while a region is lost or control planes are refused."""

from __future__ import annotations

import socket
import struct
from typing import Any

from moto.core.request import Request

from local.cloud.context import CloudContext
from local.cloud.http import caller, regions
from local.cloud.http.calls import Call
from local.cloud.http.inputs import inputs_of
from local.cloud.moto_backends.roles import origin_of
from local.cloud.moto_backends.s3 import replication as s3
from local.cloud.service.errors import AwsError
from local.loss.model import Loss, reaches
from local.loss.planes import of_data

_AT_ONCE = struct.pack("ii", 1, 0)


class Unreachable(ConnectionResetError):
    """Nobody answers: the caller's connection is reset."""


def check(context: CloudContext, call: Call, request: Request) -> None:
    """Raises Unreachable when the call does not get to its region, and AwsError when its control plane is refused."""
    loss = context.loss
    if not loss.nothing and not _arrives(context, loss, call, request):
        _reset(request.environ.get("werkzeug.socket"))
        raise Unreachable(f"{call.service} {call.operation} in {call.region}")
    if loss.refusing and not of_data(call.service, call.operation):
        message = (
            f"The control plane of {call.service} refuses every call, {call.operation} too, and nothing was changed. "
            "What exists goes on. `aura region refuse-calls off` ends it."
        )
        raise AwsError("ServiceUnavailable", message, 503)


def _arrives(context: CloudContext, loss: Loss, call: Call, request: Request) -> bool:
    with context.lock:
        caller.check(request)
        origin = origin_of(call.access_key)
        to = regions.place(call.service, call.region)
        bucket = s3.bucket(inputs_of(call, request).get("Bucket", "")) if call.service == "s3" else None
        if bucket is not None:
            to = bucket.region_name
    return reaches(loss, origin, to)


def _reset(connection: Any) -> None:
    """The end of the connection, which follows, is a reset (SO_LINGER of socket(7)), and no answer."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
