"""What the operator learns of a dataflow whose sink stalls."""

from __future__ import annotations

from typing import Any, cast

import pytest

from dataflows.biosync.run import status
from operators.adapters.dataflow.metrics import stalled
from operators.kubernetes.client import Client
from operators.kubernetes.manifest import Owner

WHY = "store (hrv_1m): nothing was written for 60 s: disk full; what waits is kept"


class Pods:
    """A client that lists one Pod."""

    def __init__(self, **changed: Any) -> None:
        self.pod = {"metadata": {}, "status": {"podIP": "127.0.0.1"}, **changed}

    async def list(self, *_: object) -> list[dict[str, Any]]:
        return [self.pod]


async def asked(pods: Pods, port: int) -> str:
    owner = Owner.of({"kind": "BioStream", "apiVersion": "v1", "metadata": {"name": "s", "namespace": "n", "uid": "u"}})
    return await stalled(cast(Client, pods), owner, port)


@pytest.mark.parametrize(
    ("own", "why"),
    [
        (status.Status(lambda: "connection refused", lambda: WHY), WHY),
        (status.Status(lambda: "connection refused", str), ""),
        (status.Status(str, str), ""),
    ],
    ids=["stalled", "unready", "ready"],
)
async def test_the_sink_and_the_reason_are_those_of_the_readiness_probe(own: status.Status, why: str) -> None:
    server = status.serve("127.0.0.1", 0, own)
    try:
        assert await asked(Pods(), server.server_port) == why
        assert await asked(Pods(metadata={"deletionTimestamp": "now"}), server.server_port) == ""
    finally:
        server.shutdown()
        server.server_close()
    assert await asked(Pods(), server.server_port) == ""  # nobody answers
