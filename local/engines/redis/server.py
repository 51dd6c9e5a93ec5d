"""Redis: the engine of an ElastiCache node."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import redis
from redis.exceptions import RedisError

from local.engines.redis import connections
from local.engines.redis.transport import Tls
from local.engines.redis.users import ADMINISTRATOR, Access
from local.engines.runtime.files import write
from local.engines.runtime.process import START_SECONDS, EngineFailed, Process
from local.engines.shared_port import SharedPort
from local.toolchain import tools

DUMP = "dump.rdb"
EMPTY = '""'
"""An empty value in redis.conf."""


class Redis:
    """A Redis server at `address`; a write is in the append-only file before the reply, so SIGKILL loses none."""

    def __init__(
        self,
        folder: Path,
        address: str,
        port: int = 6379,
        primary: str | None = None,
        settings: dict[str, str] | None = None,
        *,
        primary_port: int | None = None,
        aliases: tuple[str, ...] = (),
        tls: Tls | None = None,
        access: Access | None = None,
    ) -> None:
        """`primary`: address of the primary of a replica, at the same port or `primary_port`; `settings`: as in
        redis.conf.

        `aliases` are further addresses.
        """
        self.folder = folder
        self.address = address
        self.port = port
        self.primary = primary
        self.primary_port = primary_port
        self.settings = settings or {}
        self.aliases = aliases
        self.tls = tls
        self.access = access
        self.process = Process(folder, "redis")

    @property
    def shared_port(self) -> SharedPort | None:
        """What listens at `port` when clients with and without TLS are served."""
        if self.tls is None or self.tls.required:
            return None
        return SharedPort(self.folder, self._addresses, self.port, self.address, *self._behind)

    @property
    def _addresses(self) -> tuple[str, ...]:
        return (self.address, *self.aliases)

    @property
    def _behind(self) -> tuple[int, int]:
        """Redis's own ports with and without TLS behind a shared one."""
        step = 10_000 if self.port < 40_000 else -10_000
        return self.port + step, self.port + 2 * step

    @property
    def own_port(self) -> int:
        """Of the server itself, for the provider and for replicas."""
        return self.port if self.shared_port is None else self._behind[0]

    @property
    def _primary(self) -> tuple[str, int] | None:
        """Address and port of the primary; None of one that is a primary itself."""
        return (self.primary, self.primary_port or self.own_port) if self.primary else None

    @property
    def _bound(self) -> tuple[str, ...]:
        """Addresses of the server itself."""
        return self._addresses if self.shared_port is None else (self.address,)

    @property
    def url(self) -> str:
        return f"{'rediss' if self.tls else 'redis'}://{self.address}:{self.port}/0"

    def ensure(self, seconds: float = START_SECONDS, *, synchronised: bool = True) -> str:
        """Starts the server, makes a running one match, and waits until it has its data; returns its URL.

        Without `synchronised` the data that a replica had is enough.
        """
        self.start(seconds)
        self.align()
        self.process.wait_until(self.ready if synchronised else self.answers, seconds)
        return self.url

    def start(self, seconds: float = START_SECONDS) -> None:
        """Starts the server unless it runs with the same transport, and waits until it answers."""
        file = self.folder / "redis.conf"
        if self.process.pid() is not None and file.exists() and not self._has_transport(file.read_text()):
            self.stop()
        if self.process.pid() is None:
            write(file, self._configuration().encode(), 0o600)
        self.process.start(
            [tools.path("redis-server"), file],
            listens=[(address, self.own_port) for address in self._bound],
        )
        self.process.wait_until(self.answers, seconds)
        if self.shared_port is not None:
            self.shared_port.ensure()

    def align(self) -> None:
        """Makes a running server match: its primary, addresses, users and settings. Raises EngineFailed."""
        with self._client() as client:
            self._configure(client, {"bind": " ".join(self._bound)})
            state = self._replication(client)
            wanted = self._primary
            if wanted is None and state["role"] != "master":
                client.replicaof("NO", "ONE")
            elif wanted is not None and (state.get("master_host"), state.get("master_port")) != wanted:
                client.replicaof(*wanted)
            if self.access is not None:
                client.execute_command("ACL SETUSER", "default", "reset", *self.access.rules())
            self._configure(client, self.settings)

    def ready(self) -> bool:
        """Whether it responds and has its data, loaded from its file or replicated from its primary."""
        state = self.replication()
        return state is not None and (state["role"] == "master" or state["master_link_status"] == "up")

    def answers(self) -> bool:
        """Whether it responds and has loaded its file."""
        return self.replication() is not None

    def replication(self) -> dict[str, Any] | None:
        """INFO replication; None when it does not respond."""
        if self.process.pid() is None:
            return None
        return self._query(self._replication)

    def release(self) -> None:
        """Gives up addresses that are no longer its own, so that another server can take them."""
        if self.shared_port is not None:
            self.shared_port.ensure()
            return
        with self._client() as client:
            bound = cast(dict[str, str], client.config_get("bind"))["bind"].split()
            kept = [address for address in bound if address in self._addresses]
            self._configure(client, {"bind": " ".join(kept)})

    def hand_over(self, successor: Redis, seconds: float = 10.0) -> None:
        """Makes its replica `successor` the primary, and itself a replica of it, without the loss of a write.

        Its clients are disconnected, so that they find the new primary. Raises EngineFailed; then nothing has changed.
        """
        with self._client() as client:
            timeout = int(seconds * 1000)
            to = (successor.address, successor.own_port)
            client.execute_command("FAILOVER", "TO", *to, "TIMEOUT", timeout)
        self.process.wait_until(lambda: self._replication_field("master_failover_state") == "no-failover", seconds + 5)
        if self._replication_field("role") != "slave":
            raise EngineFailed(f"redis at {self.address} could not hand over to {successor.address} in {seconds:.0f} s")
        with self._client() as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def promote(self) -> None:
        """Makes a replica a primary with the data that it has."""
        with self._client() as client:
            client.replicaof("NO", "ONE")

    def follow(self, primary: Redis) -> None:
        """Makes it a replica of `primary`, at once: what it had and `primary` had not is lost. Ends its clients."""
        with self._client() as client:
            client.replicaof(primary.address, primary.own_port)
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def save(self, target: Path, seconds: float = 600.0) -> None:
        """Writes all its data to the RDB file `target`: what was acknowledged before the call is in it."""
        saved = self.folder / DUMP
        saved.unlink(missing_ok=True)
        with self._client() as client:
            client.execute_command("BGSAVE", "SCHEDULE")
        self.process.wait_until(lambda: saved.exists() and not self._saving(), seconds)
        target.parent.mkdir(parents=True, exist_ok=True)
        saved.replace(target)

    def seed(self, source: Path) -> None:
        """Gives a server that has never run the data of the RDB file `source`."""
        files = self.folder / "appendonlydir"
        if files.exists():
            return
        unfinished = self.folder / "appendonlydir.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        base = "appendonly.aof.1.base.rdb"
        shutil.copyfile(source, unfinished / base)
        write(unfinished / "appendonly.aof.manifest", f"file {base} seq 1 type b\n".encode())
        unfinished.rename(files)

    def _replication_field(self, name: str) -> Any:
        return (self.replication() or {}).get(name)

    def _saving(self) -> bool:
        state = self._query(lambda client: cast(dict[str, Any], client.info("persistence")))
        return state is None or bool(state["rdb_bgsave_in_progress"])

    def stop(self) -> None:
        """Stops the processes; data is kept."""
        Process(self.folder, "shared-port").stop()
        self.process.stop()

    def delete(self) -> None:
        """Stops the processes and deletes its data."""
        Process(self.folder, "shared-port").kill()
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _query(self, question: Callable[[redis.Redis], dict[str, Any]]) -> dict[str, Any] | None:
        try:
            with self._client() as client:
                return question(client)
        except (redis.ConnectionError, redis.TimeoutError):  # BusyLoadingError is a ConnectionError too
            return None

    def _client(self) -> redis.Redis:
        password, authority = self.access and self.access.administrator, self.tls and self.tls.authority
        return connections.client(self.address, self.own_port, password, authority)

    @staticmethod
    def _replication(client: redis.Redis) -> dict[str, Any]:
        return cast(dict[str, Any], client.info("replication"))

    def _configure(self, client: redis.Redis, wanted: dict[str, str]) -> None:
        """Sets what differs; a setting that needs a restart keeps its value until then."""
        known = cast(dict[str, str], client.config_get(*wanted)) if wanted else {}
        for name in (name for name, value in wanted.items() if known.get(name, value) != value):
            try:
                client.config_set(name, wanted[name])
            except RedisError as error:
                if "immutable" not in str(error):
                    message = f"redis at {self.address} refuses {name} {wanted[name]}: {error}"
                    raise EngineFailed(message) from error

    def _configuration(self) -> str:
        lines = [
            f"bind {' '.join(self._bound)}",
            f'dir "{self.folder}"',
            "daemonize no",
            "appendonly yes",
            'save ""',
            "protected-mode no",
            "repl-diskless-sync-delay 0",
            f"replica-announce-ip {self.address}",
            f"dbfilename {DUMP}",
            *self._transport(),
            f"bind-source-addr {self.address}",
            *(["replicaof {} {}".format(*self._primary)] if self._primary else []),
        ]
        if self.access is not None:
            secret = hashlib.sha256(self.access.administrator.encode()).hexdigest()
            lines += [
                f"user default {' '.join(self.access.rules())}",
                f"user {ADMINISTRATOR} on #{secret} ~* &* +@all",
                f"masteruser {ADMINISTRATOR}",
                f"masterauth {self.access.administrator}",
            ]
        lines += [f"{name} {value or EMPTY}" for name, value in self.settings.items()]
        return "\n".join(lines) + "\n"

    def _has_transport(self, configuration: str) -> bool:
        lines = configuration.splitlines()
        return [line for line in lines if line.startswith(("port ", "tls-port "))] == self._transport()[:2]

    def _transport(self) -> list[str]:
        if self.tls is None:
            return [f"port {self.port}"]
        return [
            f"port {0 if self.shared_port is None else self._behind[1]}",
            f"tls-port {self.own_port}",
            f'tls-cert-file "{self.tls.pair.certificate}"',
            f'tls-key-file "{self.tls.pair.key}"',
            f'tls-ca-cert-file "{self.tls.authority}"',
            "tls-auth-clients no",
            "tls-replication yes",
        ]
