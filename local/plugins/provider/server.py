"""Serves a Backend the way the engine expects of a plugin: the port on standard output, ended by a signal."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from concurrent import futures

import grpc
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

from local.plugins.provider.base import Backend
from local.plugins.provider.servicer import Servicer

_PARENT_EVERY = 1.0
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def serve(backend: Backend) -> None:
    """Runs until the engine ends us. Its address comes as the first argument that is no flag."""
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # a terminal's Ctrl-C doesn't come here: we are in a group of our own
        signal.signal(number, _leave)
    engine = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    server = grpc.server(futures.ThreadPoolExecutor(32), options=_UNLIMITED)
    add_ResourceProviderServicer_to_server(Servicer(backend, engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


def _leave_with(parent: int) -> None:
    """End after the engine died without a word. (The kernel's own signal for that watches the thread that started us,
    and the engine's threads come and go.)"""
    while os.getppid() == parent:
        time.sleep(_PARENT_EVERY)
    os._exit(0)


def _leave(signum: int, frame: object) -> None:
    os._exit(0)
