"""Whether a server starts with its settings, as PostgreSQL itself says: before a start, and in the log of a failed one.

`postgres -C shared_memory_size` reads the configuration and makes every check that a start makes before it takes shared
memory: of single values, of values together (max_connections above superuser_reserved_connections, max_wal_senders and
archive_mode with wal_level, min_wal_size and max_wal_size with the size of a segment), of the libraries to preload, of
ciphers and versions of TLS. It prints how much memory the server would take.
https://www.postgresql.org/docs/15/runtime-config-preset.html#GUC-SHARED-MEMORY-SIZE, PostmasterMain in postmaster.c
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from local.engines.postgres import cluster
from local.engines.runtime.process import EngineFailed

_READY = "database system is ready to accept"
"""Then read-only connections, or connections."""
_BLAMES = re.compile(
    r"FATAL:  (?:[0-9A-Z]{5}: )?("  # with the SQLSTATE when log_error_verbosity is verbose
    r"(?:(?P<mapping>could not map anonymous shared memory)|could not access file)[^\n]*"
    r"|(?:invalid value for parameter|configuration file|recovery aborted because of insufficient)[^\n]*"
    r"|too many replication slots active before shutdown"
    r"|maximum number of prepared transactions reached"
    r")"
)
"""What says only a start: the machine has no huge pages, the data need more slots or prepared transactions, or every
connection fails because session_preload_libraries names a library that there is not."""
_OF_THE_PLACE = re.compile(
    r"data directory|lock file|control file|PG_VERSION|database files are incompatible|incorrect checksum"
    r"|certificate|private key|could not (?:find|open|read|write|create|stat|fsync|remove|change)|No space left"
    r"|could not access (?:directory|the server configuration file)"
    r"|out of memory|[Cc]annot allocate memory|[Tt]oo many open files|failed to map segment"
)
"""Errors that PostgreSQL finds in the same way, and that say nothing about the settings. Some pass."""
_LINE = re.compile(r"(?:(LOG|FATAL|ERROR|PANIC):  |postgres: (?!FATAL|LOG))(?P<said>[^\n]+)")
_PLAINLY = ("-c", "log_line_prefix=", "-c", "log_min_messages=warning", "-c", "log_error_verbosity=default")
"""Over the customer's: how its log looks must not hide why it does not start."""


class InvalidSettings(EngineFailed):
    """The server does not start with its settings; its data are intact."""


def check(data: Path, options: Sequence[str], memory: int | None, seconds: float) -> None:
    """Raises InvalidSettings when a server does not start with its settings, or takes more shared memory than `memory`;
    cluster.TimedOut when PostgreSQL has not said so after `seconds`.

    RDS's servers end in "could not map anonymous shared memory" when max_connections or shared_buffers are too high for
    their class. This machine has more memory than a small class, or would end other processes for want of it, so the
    class's memory is compared.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html
    """
    plainly = [*_PLAINLY, "-c", "lc_messages=C"]
    try:
        printed = cluster.run(
            ["postgres", "-C", "shared_memory_size", "-D", str(data), *options, *plainly], seconds=seconds
        )
    except cluster.TimedOut:
        raise
    except EngineFailed as error:
        reason = _reason(str(error))
        if reason is None:
            return  # the start tells what it is
        raise InvalidSettings(_sentence(reason)) from error
    needed = int(printed.split()[-1])
    if memory is not None and needed << 20 > memory:
        raise InvalidSettings(
            _sentence(
                "could not map anonymous shared memory: Cannot allocate memory "
                f"({needed} MB are needed, the machine has {memory >> 20} MB)"
            )
        )


def blamed_by_start(log: str, huge_pages: bool) -> InvalidSettings | None:
    """The error when `log`, what a server wrote from its start to its end, blames its settings.

    Once it has accepted connections the log has lines of clients too, which may say anything, and an end has other
    reasons. `huge_pages`: whether it must have them. Else `check` has compared the memory, and this machine lacks it
    for the moment.
    """
    match = _BLAMES.search(log.partition(_READY)[0])
    if match is None or not (huge_pages if match["mapping"] else _lasts(match[1])):
        return None
    return InvalidSettings(_sentence(match[1]))


def blamed_by_connection(error: str) -> InvalidSettings | None:
    """The error when `error`, what the provider itself was told instead of a connection, blames the settings."""
    match = _BLAMES.search(error)
    return InvalidSettings(_sentence(match[1])) if match and _lasts(match[1]) else None


def _lasts(reason: str) -> bool:
    return not _OF_THE_PLACE.search(reason)


def _reason(failure: str) -> str | None:
    """Why `postgres -C` failed; None when it is not for the settings."""
    said = [(match[1] or "FATAL", match["said"]) for match in _LINE.finditer(failure)]
    fatal = [text for level, text in said if level != "LOG"]
    if not fatal or _OF_THE_PLACE.search(fatal[-1]):
        return None
    if fatal[-1].startswith("configuration file"):  # "... contains errors", which were told before
        return next((text for level, text in said if level == "LOG"), fatal[-1])
    return fatal[-1]


def _sentence(reason: str) -> str:
    return f"The server does not start with its settings: {reason}"
