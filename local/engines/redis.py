"""redis-server: the body of an ElastiCache node."""

from __future__ import annotations

import shutil
from pathlib import Path

import redis

from local.engines.process import Process
from local.toolchain import tools


class Redis:
    """A Redis at `address`; a write is in the file before it is answered, so kill -9 loses none."""

    def __init__(self, folder: Path, address: str, port: int = 6379) -> None:
        self.folder = folder
        self.address = address
        self.port = port
        self.process = Process(folder, "redis")

    @property
    def url(self) -> str:
        return f"redis://{self.address}:{self.port}/0"

    def ensure(self, seconds: float = 20.0) -> str:
        """Runs the server and waits until it answers; gives its URL."""
        self.process.start(
            [
                tools.path("redis-server"),
                *("--bind", self.address, "--port", str(self.port), "--dir", self.folder, "--daemonize", "no"),
                *("--appendonly", "yes", "--save", "", "--protected-mode", "no"),
            ]
        )
        self.process.wait_until(self.ready, seconds)
        return self.url

    def ready(self) -> bool:
        """Whether it answers and has read its data back."""
        if self.process.pid() is None:
            return False
        client = redis.Redis(host=self.address, port=self.port, socket_timeout=2, socket_connect_timeout=2)
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # BusyLoadingError is a ConnectionError too
            return False
        finally:
            client.close()

    def stop(self) -> None:
        """Ends the process; data stays."""
        self.process.stop()

    def delete(self) -> None:
        """Ends the process and deletes its data."""
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
