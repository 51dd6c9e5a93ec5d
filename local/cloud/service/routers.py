"""Which operation of a REST service a request is for, by moto's routers of botocore's models."""

from __future__ import annotations

import threading
from typing import Any

from moto.core.request import Request
from moto.core.routing import get_service_router

_turn = threading.Lock()
"""A router is built when it is asked first, with `ast`, which several threads at once break in CPython 3.11
(https://github.com/python/cpython/issues/106905)."""


def match(service: str, request: Request) -> tuple[Any, dict[str, Any]]:
    """The model of the operation and the parameters in the path. Raises werkzeug's HTTPException when there is none."""
    with _turn:
        return get_service_router(service).match(request)
