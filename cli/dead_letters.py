"""`aura dead-letters`: lists what the dataflow and readers of services could not process; replays the dataflow's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from confluent_kafka import KafkaException
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.checks.verdict import BIOSTREAM
from contracts.biostream import BioStreamSpec
from contracts.connections import KafkaVariables
from contracts.platform import KAFKA_BOOTSTRAP, NAMESPACE, PLATFORM_CONFIG
from contracts.visible import visible
from dataflows.biosync.signal.spec import rules_from_spec
from dataflows.biosync.tools.dead_letters import DeadLetterTopic, Entry
from local.observe import kube
from local.observe.serving import serving_region
from local.site import Site

T = TypeVar("T")
LONGEST_CELL, USERS_SHOWN = 260, 3
"""Characters of a text of others, and users of a dead letter, that are shown."""
WIDE = 1_000
"""Columns where there is no terminal, as in a pipe: each dead letter is one line then."""


def print_dead_letters(all_: bool) -> None:
    """Print the dead letters that are not replayed, or all."""
    letters = find(Site.current())

    def fetch() -> list[tuple[Entry, str]]:
        partitions = letters.partitions()
        everything = [*letters.entries(), *letters.of_services().entries()]
        shown = [entry for entry in everything if all_ or not entry.replayed]
        return [(entry, state(entry, letters.rejection(entry.letter, partitions))) for entry in shown]

    found = guarded(fetch)
    console().print(table(found, "status") if found else "No dead letters.")


def replay_dead_letters() -> None:
    """Replay all that can be processed; exits with 1 when some cannot be."""
    replayed, rejected = guarded(find(Site.current()).replay)
    out = console()
    if replayed:
        out.print(f"{len(replayed)} replayed to their partitions:")
        out.print(table([(entry, "") for entry in replayed], ""))
    if rejected:
        out.print(f"{len(rejected)} still cannot be processed, and stay:")
        out.print(table(rejected, "error"))
    if not (replayed or rejected):
        out.print("No dead letters.")
    raise SystemExit(1 if rejected else 0)


def console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=WIDE)


def find(site: Site) -> DeadLetterTopic:
    """The dead letter topic of the region that serves; exits with a message when none runs."""
    region = serving_region(site)
    if not site.kubeconfig(region).exists():
        sys.exit(kube.NO_CLUSTER)
    api = kube.connect(site.kubeconfig(region))
    try:
        config = kube.config_map(api, NAMESPACE, PLATFORM_CONFIG) or {}
        config |= kube.secret(api, NAMESPACE, PLATFORM_CONFIG) or {}
        spec = TypeAdapter(BioStreamSpec).validate_python(kube.spec(api, "biostreams", NAMESPACE, BIOSTREAM))
    except kube.UNAVAILABLE as error:
        sys.exit(f"BioStream {BIOSTREAM} cannot be read: {kube.unavailable_message(region, error)}")
    finally:
        api.close()
    brokers = KafkaVariables.of(config, str(site.authority / "ca.crt"))
    if brokers is None:
        sys.exit(f"ConfigMap {PLATFORM_CONFIG} has no {KAFKA_BOOTSTRAP} yet; `aura status` shows what is not Ready")
    return DeadLetterTopic(brokers.kafka_client, spec.dead_letter.topic, spec.source.topic, rules_from_spec(spec))


def guarded(work: Callable[[], T]) -> T:
    """The result of `work`; exits with a message when Kafka fails."""
    try:
        return work()
    except KafkaException as error:
        sys.exit(
            f"Kafka: {error.args[0].str()}. No dead letter is lost; those already replayed are marked and are not"
            " replayed again. Repeat the command."
        )


def state(entry: Entry, rejection: str) -> str:
    return "replayed" if entry.replayed else rejection or "can be processed"


def table(entries: Sequence[tuple[Entry, str]], last: str) -> Table:
    """The dead letters, with a text on each in the column `last`. All cells are text of others: neither markup nor what
    controls a terminal."""
    columns = ["dead letter", "record", "written", "users", "reason", *([last] if last else [])]
    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for entry, text in entries:
        letter, users = entry.letter, entry.users
        owners = ", ".join(map(visible, users[:USERS_SHOWN])) + (
            f" and {len(users) - USERS_SHOWN} more" if users[USERS_SHOWN:] else ""
        )
        when = datetime.fromtimestamp(entry.at / 1000, UTC)
        cells = [
            f"{entry.topic}/{entry.partition}/{entry.offset}",
            f"{letter.topic}/{letter.partition}/{letter.place}" + (f" for {letter.group}" if letter.group else ""),
            f"{when:%Y-%m-%d %H:%M:%SZ}",
            owners or "unreadable",
            letter.reason,
            *([text] if last else []),
        ]
        shown.add_row(*(Text(visible(cell, LONGEST_CELL)) for cell in cells))
    return shown
