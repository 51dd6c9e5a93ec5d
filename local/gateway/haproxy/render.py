"""Renders a plan as HAProxy's configuration; the same inputs give the same text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contracts import tokens
from contracts.gateway import USER_HEADER
from contracts.platform import TOKEN_AUDIENCE
from contracts.subjects import MAX_SUBJECT_LENGTH
from local.gateway.endpoints import Endpoint
from local.gateway.objects import NamespacedName
from local.gateway.routing.credentials import Credential
from local.gateway.routing.plan import Plan

CERTIFICATES = "certificates"
KEYS = "keys"
PATTERNS = "patterns"


def pattern_file(name: str) -> str:
    """Path of a file with a regular expression, relative to HAProxy's folder. HAProxy compiles each file once."""
    return f"{PATTERNS}/{name}.txt"


PATTERN_FILES = {
    pattern_file(name): f"{pattern}\n".encode()
    for name, pattern in {
        "authorization": tokens.AUTHORIZATION,
        "subprotocols": tokens.SUBPROTOCOLS,
        **{f"rule-{number}": rule.pattern for number, rule in enumerate(tokens.RULES, 1)},
    }.items()
}
"""The form of tokens, by file: what a rendered configuration needs beside certificates and keys."""


@dataclass(frozen=True)
class ProxySettings:
    """What does not depend on the plan. `connections` is the maximum of open connections."""

    address: str
    issuer: str
    connections: int
    audience: str = TOKEN_AUDIENCE
    status_port: int = 8404
    peer_port: int = 8405
    peer: str = "gateway"
    admin_socket: str = "admin.sock"


Slots = Mapping[str, Sequence[Endpoint | None]]
"""Servers of each backend by its name; None is an empty slot."""


class Unquotable(ValueError):
    """Text that can't be quoted in a configuration."""


def render(plan: Plan, settings: ProxySettings, slots: Slots) -> str:
    """The whole configuration. Raises Unquotable when a name contains control characters."""
    stick_tables = dict.fromkeys(backend.stick_table for backend in plan.backends if backend.policy.per_minute)
    return _template.render(
        plan=plan,
        settings=settings,
        slots=slots,
        stick_tables=list(stick_tables),
        user_header=USER_HEADER,
        token_form=tokens,
        max_subject_length=MAX_SUBJECT_LENGTH,
        log_format=_log_format(),
    )


def certificate_file(secret: NamespacedName) -> str:
    """Path of the certificate of a Secret, relative to HAProxy's folder."""
    return f"{CERTIFICATES}/{secret[0]}.{secret[1]}.pem"


def key_file(credential: Credential) -> str:
    """Path of a credential's public key. Named after its content, so that the file of a key in use never changes."""
    return f"{KEYS}/{hashlib.sha256(credential.pem).hexdigest()[:32]}.pem"


def quoted(text: str) -> str:
    """`text` as one word of HAProxy's configuration, quoted as in a shell."""
    if not text.isprintable():
        raise Unquotable(f"{text!r} contains control characters")
    return "'" + text.replace("'", "'\\''") + "'"


def _log_format() -> str:
    """One JSON object per request; values chosen by the client are escaped."""
    text = {
        "ts": "%[date(),utime(%Y-%m-%dT%H:%M:%SZ)]",
        "client": "%ci",
        "host": "%[var(txn.host),json(utf8s)]",
        "method": "%[var(txn.method),json(utf8s)]",
        "path": "%[var(txn.path),json(utf8s)]",
        "user": "%[var(txn.sub),json(utf8s)]",
        "backend": "%b",
        "server": "%s",
        "tls": "%sslv",
        "ended": "%ts",
        "trace_id": "%[var(txn.trace)]",
    }
    numbers = {"status": "%ST", "ms": "%Ta", "bytes_in": "%U", "bytes_out": "%B", "retries": "%rc"}
    fields = [f'"{name}":"{value}"' for name, value in text.items()]
    return "{" + ",".join(fields + [f'"{name}":{value}' for name, value in numbers.items()]) + "}"


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)
_environment.filters |= {
    "quoted": quoted,
    "certificate_file": certificate_file,
    "key_file": key_file,
    "pattern_file": pattern_file,
}
_template = _environment.get_template("haproxy.cfg.j2")
