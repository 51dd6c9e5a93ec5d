"""Redis: the engine of an ElastiCache node."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import cast

import redis

from local.engines.runtime.process import Process
from local.toolchain import tools


class Redis:
    """A Redis server at `address`; a write is in the append-only file before the reply, so SIGKILL loses none."""

    def __init__(
        self,
        folder: Path,
        address: str,
        port: int = 6379,
        primary: str | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        """`primary`: address of the primary of a replica, at the same port; `settings`: as in redis.conf."""
        self.folder = folder
        self.address = address
        self.port = port
        self.primary = primary
        self.settings = settings or {}
        self.process = Process(folder, "redis")

    @property
    def url(self) -> str:
        return f"redis://{self.address}:{self.port}/0"

    def ensure(self, seconds: float = 20.0) -> str:
        """Starts the server and waits until it is ready; returns its URL."""
        self.process.start(
            [
                tools.path("redis-server"),
                *("--bind", self.address, "--port", str(self.port), "--dir", self.folder, "--daemonize", "no"),
                *("--appendonly", "yes", "--save", "", "--protected-mode", "no", "--repl-diskless-sync-delay", "0"),
                *(["--replicaof", self.primary, str(self.port)] if self.primary else []),
                *(word for key, value in self.settings.items() for word in (f"--{key}", value)),
            ],
            listens=[(self.address, self.port)],
        )
        self.process.wait_until(self.ready, seconds)
        return self.url

    def ready(self) -> bool:
        """Whether it responds and has its data, loaded from its file or replicated from its primary."""
        if self.process.pid() is None:
            return False
        client = redis.Redis(host=self.address, port=self.port, socket_timeout=2, socket_connect_timeout=2)
        try:
            client.ping()
            state = cast(dict[str, str], client.info("replication"))
            return state["role"] == "master" or state["master_link_status"] == "up"
        except (redis.ConnectionError, redis.TimeoutError):  # BusyLoadingError is a ConnectionError too
            return False
        finally:
            client.close()

    def stop(self) -> None:
        """Stops the process; data is kept."""
        self.process.stop()

    def delete(self) -> None:
        """Stops the process and deletes its data."""
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
