"""Whether who called still waits for the answer."""

from __future__ import annotations

import socket

from werkzeug.wrappers import Request


class Gone(ConnectionResetError):
    """The caller has given up and closed its connection: nothing was done."""


def check(request: Request) -> None:
    """Raises Gone. Asked under the lock, before anything is done: on a busy machine callers give up and call again, and
    carrying out what nobody waits for would keep those who do from being answered in time."""
    connection = request.environ.get("werkzeug.socket")
    if not isinstance(connection, socket.socket):
        return
    try:
        ended = not socket.socket.recv(connection, 1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return
    except OSError as error:
        raise Gone(str(error)) from error
    if ended:
        raise Gone("it has closed its connection")
