"""The gateways in front of ingest.

A connection uses two of a process's 20,000 open files, which determines the number of HAProxy processes.
"""

from __future__ import annotations

from bench.sockets.system.deployment import Deployment
from bench.system.gateway import Gateways
from local.engines.runtime.scratch import ScratchEnvironment

CONNECTIONS = 9_000
"""Maximum for one HAProxy process."""


def gateways_for(scratch: ScratchEnvironment, deployment: Deployment, users: int, generators: int) -> Gateways:
    """Enough for the users of each load generator."""
    count = generators * -(-users // (generators * CONNECTIONS))
    pods = {"ingest": [program.address[0] for program in deployment.ingest]}
    return Gateways(scratch.folder, scratch.addresses[:count], pods, deployment.key, CONNECTIONS)
