"""The configuration files of a server: pure text of what the provider fixes and what the customer sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.engines.postgres.roles import REPLICATOR, SUPERUSER

_BASE = """\
listen_addresses = '{address}'
port = {port}
unix_socket_directories = ''
hba_file = '{folder}/pg_hba.conf'
cluster_name = '{name}'
shared_buffers = 64MB
max_connections = 200
wal_level = logical
max_wal_senders = 20
max_replication_slots = 20
wal_keep_size = 256MB
hot_standby = on
wal_log_hints = on
archive_mode = on
archive_timeout = 300
password_encryption = scram-sha-256
lc_messages = 'C'
"""


@dataclass(frozen=True)
class Tls:
    """Files of the server's certificate and key and of the authority's certificate, PEM.

    Connections without TLS are refused if it is `required`.
    """

    certificate: Path
    key: Path
    authority: Path
    required: bool


def configuration(
    folder: Path, address: str, port: int, tls: Tls | None, customer: Mapping[str, str], provider: Mapping[str, str]
) -> str:
    """postgresql.conf. The customer's settings override the defaults, and `provider`'s override the customer's."""
    base = _BASE.format(address=address, port=port, folder=folder, name=folder.name)
    return base + _lines(_encryption(tls) if tls else {}) + _lines(customer) + _lines(provider)


def access(tls: Tls | None) -> str:
    """pg_hba.conf. Everybody logs in with a password, over TLS if that is required.

    Only the provider's roles replicate, over TLS if there is any; that of standbys reads no database.
    """
    kind = "hostssl" if tls is not None and tls.required else "host"
    replicating = "hostssl" if tls is not None else "host"
    return (
        f"{replicating} replication {SUPERUSER},{REPLICATOR} 127.0.0.0/8 scram-sha-256\n"
        f"host all {REPLICATOR} 0.0.0.0/0 reject\n"
        f"{kind} all all 127.0.0.0/8 scram-sha-256\n"
    )


def _encryption(tls: Tls) -> dict[str, str]:
    return {
        "ssl": "on",
        "ssl_cert_file": str(tls.certificate),
        "ssl_key_file": str(tls.key),
        "ssl_min_protocol_version": "TLSv1.2",
    }


def _lines(settings: Mapping[str, str]) -> str:
    quoted = {key: value.replace("'", "''") for key, value in settings.items()}
    return "".join(f"{key} = '{value}'\n" for key, value in sorted(quoted.items()))
