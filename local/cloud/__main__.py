"""Serves the AWS API of the current site until SIGTERM or SIGINT."""

from __future__ import annotations

import gc
import os

# Set before moto is imported: its default AMIs would cost 100 ms a snapshot.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
os.environ.setdefault("MOTO_DISABLE_GLOBAL_CORS", "true")  # it would let pages of every origin read every answer
# With Python's own 700 a quarter of the endpoint's time went into collections, which traverse moto, which stays.
gc.set_threshold(20_000, 10, 10)

import argparse
import ctypes
import logging
import signal
import threading
import warnings

from local.cloud.context import ACCOUNT
from local.cloud.server import serve
from local.cloud.state.store import StateUnreadable
from local.site import Site

_M_ARENA_MAX = -8
"""Of mallopt(3)."""


def main() -> None:
    # Each save makes a pickle of megabytes in whatever thread answers: an arena a thread would keep hundreds of them.
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    argparse.ArgumentParser(prog="python -m local.cloud", description=__doc__).parse_args()
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    warnings.filterwarnings("ignore", message="Exception.* does not match an error shape")  # NotImplemented is ours
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    try:
        serve(Site.current(), end)
    except StateUnreadable as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
