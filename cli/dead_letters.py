"""`aura dead-letters`: what the dataflow could not process, and the way back for it."""

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
from cli.environment import PRIMARY
from contracts.biostream import BioStreamSpec
from contracts.platform import KAFKA_BOOTSTRAP, NAMESPACE, PLATFORM_CONFIG
from dataflows.biosync.declared import rules
from dataflows.biosync.replay import DeadLetters, Entry
from local.observe import kube
from local.site import Site

T = TypeVar("T")
LONGEST_REASON, USERS_SHOWN = 160, 3
WIDE = 1_000
"""Columns where no terminal says how wide it is, as behind a pipe: a letter is a line then."""


def print_letters(everything: bool) -> None:
    """The letters that wait, or all."""
    letters = find(Site.current())

    def look() -> list[tuple[Entry, str]]:
        partitions = letters.partitions()
        shown = [entry for entry in letters.entries() if everything or not entry.replayed]
        return [(entry, state(entry, letters.hindrance(entry.letter, partitions))) for entry in shown]

    found = guarded(look)
    console().print(table(found, "now") if found else "No dead letter waits.")


def replay_letters() -> None:
    """Replays; ends with 1 when some can't be."""
    replayed, left = guarded(find(Site.current()).replay)
    out = console()
    if replayed:
        out.print(f"{len(replayed)} put back where they lay:")
        out.print(table([(entry, "") for entry in replayed], ""))
    if left:
        out.print(f"{len(left)} still can't be processed, and stay:")
        out.print(table(left, "why not"))
    if not (replayed or left):
        out.print("No dead letter waits.")
    raise SystemExit(1 if left else 0)


def console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=WIDE)


def find(site: Site) -> DeadLetters:
    """The dead letters of the running platform; ends with a sentence where none runs."""
    if not site.kubeconfig(PRIMARY).exists():
        sys.exit(kube.NO_CLUSTER)
    api = kube.connect(site.kubeconfig(PRIMARY))
    try:
        config = kube.config_map(api, NAMESPACE, PLATFORM_CONFIG) or {}
        spec = TypeAdapter(BioStreamSpec).validate_python(kube.spec(api, "biostreams", NAMESPACE, BIOSTREAM))
    except kube.UNAVAILABLE as error:
        sys.exit(f"BioStream {BIOSTREAM} cannot be read: {kube.unavailable_message(PRIMARY, error)}")
    finally:
        api.close()
    if KAFKA_BOOTSTRAP not in config:
        sys.exit(f"ConfigMap {PLATFORM_CONFIG} has no {KAFKA_BOOTSTRAP} yet; `aura status` tells what is not Ready")
    return DeadLetters(config[KAFKA_BOOTSTRAP], spec.dead_letter.topic, spec.source.topic, rules(spec))


def guarded(work: Callable[[], T]) -> T:
    """What `work` gives; ends with a sentence when Kafka fails."""
    try:
        return work()
    except KafkaException as error:
        sys.exit(
            f"Kafka: {error.args[0].str()}. No letter is lost; what was put back is marked and is not put back again."
            " Repeat the command."
        )


def state(entry: Entry, hindrance: str) -> str:
    return "replayed" if entry.replayed else hindrance or "can be processed"


def table(entries: Sequence[tuple[Entry, str]], last: str) -> Table:
    """Letters with a word on each in the column `last`. What others wrote is shown as text, never as markup."""
    columns = ["letter", "record", "written", "of", "reason", *([last] if last else [])]
    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for entry, word in entries:
        letter, users = entry.letter, entry.users
        of = ", ".join(users[:USERS_SHOWN]) + (f" and {len(users) - USERS_SHOWN} more" if users[USERS_SHOWN:] else "")
        when = datetime.fromtimestamp(entry.at / 1000, UTC)
        cells = [
            str(entry.offset),
            f"{letter.topic}/{letter.partition}/{letter.offset}",
            f"{when:%Y-%m-%d %H:%M:%SZ}",
            of or "unreadable",
            letter.reason[:LONGEST_REASON],
            *([word] if last else []),
        ]
        shown.add_row(*map(Text, cells))
    return shown
