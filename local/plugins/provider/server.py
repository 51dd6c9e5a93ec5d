"""Serves a Provider as the engine expects of a plugin: the port on standard output, ended by a signal."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from concurrent import futures

import grpc
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

from local.plugins.provider.base import Provider
from local.plugins.provider.servicer import Servicer

_PARENT_POLL_SECONDS = 1.0
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def serve(provider: Provider) -> None:
    """Runs until the engine ends the process. The first argument that is no flag is the engine's address."""
    threading.Thread(target=_exit_with_parent, args=(os.getppid(),), daemon=True).start()
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # not a terminal's Ctrl-C: this is a process group of its own
        signal.signal(number, _exit)
    engine = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    server = grpc.server(futures.ThreadPoolExecutor(32), options=_UNLIMITED)
    add_ResourceProviderServicer_to_server(Servicer(provider, engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


def _exit_with_parent(parent: int) -> None:
    """Exit after the engine was killed. (PR_SET_PDEATHSIG watches the thread that started this process, and the
    engine's threads come and go.)"""
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL_SECONDS)
    os._exit(0)


def _exit(signum: int, frame: object) -> None:
    os._exit(0)
