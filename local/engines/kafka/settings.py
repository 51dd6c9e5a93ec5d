"""server.properties of one broker, and the listeners that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CONTROLLER_PORT = 9093
REPLICATION_PORT = 9095
PLAINTEXT_PORT = 9092
TLS_PORT = 9094
SCRAM_PORT = 9096
"""As on MSK: https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html"""

_COMMON = """\
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
offsets.topic.num.partitions=8
transaction.state.log.num.partitions=8
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.segment.bytes=134217728
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""

# Keys of a cluster's configuration that would make a single broker wait for others. They are ignored.
REPLICATION_SETTINGS = {
    "default.replication.factor",
    "min.insync.replicas",
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "transaction.state.log.min.isr",
}


@dataclass(frozen=True)
class Listeners:
    """How clients reach the brokers, and whether the brokers encrypt what they send to each other."""

    plaintext: bool = True
    tls: bool = False
    """Encrypted, without a name."""
    scram: bool = False
    """Encrypted, with name and password (SCRAM-SHA-512)."""
    in_cluster_tls: bool = False

    @property
    def certified(self) -> bool:
        """Whether the brokers need a certificate."""
        return self.tls or self.scram or self.in_cluster_tls

    def protocols(self) -> dict[str, tuple[str, int]]:
        """Name of each broker listener -> security protocol and port. Names are those of MSK."""
        inner = "SASL_SSL" if self.in_cluster_tls else "SASL_PLAINTEXT"
        every = {
            "REPLICATION": (True, inner, REPLICATION_PORT),
            "CLIENT": (self.plaintext, "PLAINTEXT", PLAINTEXT_PORT),
            "CLIENT_SECURE": (self.tls, "SSL", TLS_PORT),
            "CLIENT_SASL_SCRAM": (self.scram, "SASL_SSL", SCRAM_PORT),
        }
        return {name: (protocol, port) for name, (wanted, protocol, port) in every.items() if wanted}


@dataclass(frozen=True)
class Node:
    """A broker by its number (1 is the first) and address."""

    id: int
    address: str
    rack: str = ""
    """Zone, which replicas are spread over."""


@dataclass(frozen=True)
class Identity:
    """What the nodes of a cluster agree on for its whole life."""

    cluster_id: str
    voters: tuple[int, ...]
    """Nodes that are controllers too: the quorum."""
    user: str
    """The principal of the brokers themselves: it is not subject to ACLs. No client can guess its name."""
    password: str


def voters(most: int) -> tuple[int, ...]:
    """The controllers of a new cluster, at most so many: three survive the loss of one, two would not."""
    return (1, 2, 3) if most >= 3 else (1,)


def server_properties(
    node: Node,
    nodes: tuple[Node, ...],
    zones: int,
    identity: Identity,
    listeners: Listeners,
    folder: Path,
    authority: Path | None,
    extra: Mapping[str, str],
) -> str:
    """The file's text. `folder` is the node's, `authority` the certificate of the authority that clients trust."""
    controller = node.id in identity.voters
    own = {name: port for name, (_, port) in listeners.protocols().items()}
    if controller:
        own = {"CONTROLLER": CONTROLLER_PORT, **own}
    sockets = ",".join(f"{name}://{node.address}:{port}" for name, port in own.items())
    quorum = ",".join(f"{n.address}:{CONTROLLER_PORT}" for n in nodes if n.id in identity.voters)
    protocols = {name: protocol for name, (protocol, _) in listeners.protocols().items()}
    protocols["CONTROLLER"] = protocols["REPLICATION"]
    lines = {
        "process.roles": "broker,controller" if controller else "broker",
        "node.id": str(node.id),
        "controller.quorum.bootstrap.servers": quorum,
        "listeners": sockets,
        "advertised.listeners": sockets,
        "inter.broker.listener.name": "REPLICATION",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
        "log.dirs": str(folder / "data"),
        **dict(_own_principal(identity)),
        **(_certificate(folder, authority) if listeners.certified and authority else {}),
        **_replication(zones),
        **_sessions(zones),
    }
    if listeners.scram:
        lines |= _scram()
    if node.rack:
        lines["broker.rack"] = node.rack
    ours = "".join(f"{key}={value}\n" for key, value in lines.items())
    ignored = REPLICATION_SETTINGS if zones == 1 else set()
    return ours + _COMMON + "".join(f"{key}={extra[key]}\n" for key in sorted(extra.keys() - ignored))


def _own_principal(identity: Identity) -> Iterator[tuple[str, str]]:
    """Brokers and controllers know each other by one name and password."""
    yield "sasl.mechanism.inter.broker.protocol", "PLAIN"
    yield "sasl.mechanism.controller.protocol", "PLAIN"
    yield "super.users", f"User:{identity.user}"
    login = (
        f'org.apache.kafka.common.security.plain.PlainLoginModule required username="{identity.user}" '
        f'password="{identity.password}" user_{identity.user}="{identity.password}";'
    )
    for listener in ("controller", "replication"):
        yield f"listener.name.{listener}.sasl.enabled.mechanisms", "PLAIN"
        yield f"listener.name.{listener}.plain.sasl.jaas.config", login


def _scram() -> dict[str, str]:
    listener = "listener.name.client_sasl_scram"
    module = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    return {
        f"{listener}.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        f"{listener}.scram-sha-512.sasl.jaas.config": module,
    }


def _certificate(folder: Path, authority: Path) -> dict[str, str]:
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "broker.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority),
    }


def _replication(zones: int) -> dict[str, str]:
    """Of Kafka's internal topics, and MSK's defaults for those of clients."""
    factor = str(min(3, zones))
    least = "2" if zones >= 3 else "1"
    return {
        "default.replication.factor": factor,
        "min.insync.replicas": least,
        "offsets.topic.replication.factor": factor,
        "transaction.state.log.replication.factor": factor,
        "transaction.state.log.min.isr": least,
        "share.coordinator.state.topic.replication.factor": factor,
        "share.coordinator.state.topic.min.isr": least,
    }


def _sessions(zones: int) -> dict[str, str]:
    """How long a broker or a controller may be silent, in milliseconds.

    A killed broker can register again only after its old session has timed out: 18 s by default. Several brokers share
    the machine's processors, and one that waits for its turn must not be taken for a dead one.
    """
    if zones == 1:
        return {"broker.session.timeout.ms": "1500", "broker.heartbeat.interval.ms": "300"}
    return {
        "broker.session.timeout.ms": "6000",
        "broker.heartbeat.interval.ms": "1000",
        "controller.quorum.fetch.timeout.ms": "5000",
        "controller.quorum.election.timeout.ms": "2000",
        "initial.broker.registration.timeout.ms": "600000",
    }
