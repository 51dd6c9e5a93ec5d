"""`aura wearables`: simulated users stream heart beats into the platform; the result of each beat is verified."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import ssl
import sys
import time
from pathlib import Path

import psycopg
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.checks.verdict import Verdict, verify
from cli.progress.steps import Progress, StepFailed
from cli.token import signing_key
from contracts.platform import NAMESPACE, STREAM_HOST
from local.observe import kube
from local.observe.errors import first_line
from local.observe.serving import serving_region
from local.site import Site
from local.wearables.beats import day_in_minutes, synthesise
from local.wearables.fleet import SimulatedUser, stream
from local.wearables.frames import alongside
from local.wearables.motion import read_motion
from local.wearables.recording import InvalidRecording, read_recording
from local.wearables.report import Report, percentile
from local.wearables.wearable import StreamEndpoint, Unreachable
from services.auth.tokens import issue

FIRST_CALM_SPEED = 120


def wearables(users: int, recording: Path | None, speed: float, minutes: float, as_json: bool) -> None:
    """Streams and prints the report; exits with 1 when acknowledged data is lost or differs from the offline run."""
    console = Console(stderr=as_json)
    try:
        population = simulated_users(users, recording, minutes)
        with console.status("connecting") as status:
            report, verdict = asyncio.run(run(Site.current(), population, speed, status.update))
    except (InvalidRecording, StepFailed, Unreachable) as error:
        sys.exit(str(error))
    if as_json:
        print(json.dumps(figures(report, verdict)))
    else:
        console.print(table(report, verdict))
        console.print(f"Streamed as {population[0].user}" + (f" to {population[-1].user}." if users > 1 else "."))
    raise SystemExit(0 if verdict.sound and report.lost == 0 else 1)


def first_calm(site: Site, say: Progress) -> str:
    """The last step of `aura up`: one user's day in minutes, fast; returns when the Emergency Calm has arrived."""
    population = simulated_users(1, None, 20)
    report, verdict = asyncio.run(run(site, population, FIRST_CALM_SPEED, say))
    if not report.pushes:
        raise StepFailed(
            f"{report.acked} of {report.sent} frames were acknowledged and {verdict.events} events raised, but no "
            "Emergency Calm arrived. Read `aura logs bio-sync`, `aura logs recommend` and `aura logs ingest`."
        )
    delays = verdict.push_ms
    return f"Emergency Calm “{report.pushes[0].title}” {f'{delays[0]:.0f} ms after its event' if delays else 'pushed'}"


def simulated_users(users: int, recording: Path | None, minutes: float) -> list[SimulatedUser]:
    """New users, who have no history from earlier runs."""
    run_id = secrets.token_hex(3)
    if recording is not None:
        beats, motion = read_recording(recording), read_motion(recording)
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", recording.name)[:100]  # a folder's name may be no subject
        return [SimulatedUser(f"{name}-{run_id}-{n:03d}", beats, motion) for n in range(users)]
    seeds = range(users)
    return [SimulatedUser(f"w-{run_id}-{n:03d}", synthesise(day_in_minutes(n, minutes), n)) for n in seeds]


async def run(site: Site, users: list[SimulatedUser], speed: float, say: Progress) -> tuple[Report, Verdict]:
    """Streams through the gateway, then compares the store with an offline computation of the same beats."""
    endpoint = await asyncio.to_thread(find_endpoint, site)
    key = await asyncio.to_thread(signing_key, site)
    verdict: list[Verdict] = []

    def on_progress(report: Report) -> None:
        say(
            f"{report.acked}/{report.frames} frames acknowledged, {report.sent - report.acked} in flight, "
            f"{len(report.pushes)} calms, {report.reconnects} reconnects"
        )

    async def on_acknowledged(report: Report, sent: dict) -> None:
        say("all frames are acknowledged; waiting for the store")
        try:
            motion = {each.user: alongside(each.motion, each.beats, sent[each.user]) for each in users}
            region = await asyncio.to_thread(serving_region, site)
            verdict.append(await verify(site, region, sent, motion, report))
        except (psycopg.OperationalError, *kube.UNAVAILABLE) as error:
            raise StepFailed(
                f"all {report.acked} frames were acknowledged, so their beats are kept, but the results cannot "
                f"be read ({first_line(error)}); `aura status` shows what is down, `make up` starts it"
            ) from error

    report = await stream(
        users, lambda: endpoint, lambda user: issue(user, [], key, time.time()), speed, on_acknowledged, on_progress
    )
    return report, verdict[0]


def find_endpoint(site: Site) -> StreamEndpoint:
    """The stream's endpoint at the gateway of the region that serves; raises StepFailed while it has no address."""
    region = serving_region(site)
    if not site.kubeconfig(region).exists():
        raise StepFailed(kube.NO_CLUSTER)
    try:
        with kube.connect(site.kubeconfig(region)) as api:
            address = kube.gateway_address(api, NAMESPACE, "aura")
    except kube.UNAVAILABLE as error:
        raise StepFailed(kube.unavailable_message(region, error)) from error
    if address is None:
        raise StepFailed("the Gateway `aura` has no address yet; `aura status` shows what is not Ready")
    host, _, port = address.rpartition(":")
    trust = ssl.create_default_context(cafile=str(site.home / "ca.pem"))
    trust.minimum_version = ssl.TLSVersion.TLSv1_3
    return StreamEndpoint(f"wss://{STREAM_HOST}/v1/stream", host, int(port), trust)


def figures(report: Report, verdict: Verdict) -> dict[str, object]:
    """The report as figures; latencies in ms."""
    return {
        "users": report.users,
        "beats": report.beats,
        "frames": report.frames,
        "sent": report.sent,
        "acked": report.acked,
        "lost": report.lost,
        "resent": report.resent,
        "refused": report.refused,
        "refusals": report.refusals,
        "dropped_beats": report.dropped,
        "reconnects": report.reconnects,
        "events": verdict.events,
        "pushes": len(report.pushes),
        "duplicate_pushes": report.duplicates,
        "rows": verdict.rows,
        "rows_different": verdict.rows_different,
        "events_different": verdict.events_different,
        "difference": verdict.example,
        "ack_ms": percentiles(report.ack_ms),
        "push_ms": percentiles(verdict.push_ms),
    }


def percentiles(values: list[float]) -> dict[str, float | None]:
    return {f"p{p}": round(v, 1) if (v := percentile(values, p)) is not None else None for p in (50, 99)}


def table(report: Report, verdict: Verdict) -> Table:
    shown = Table(show_header=False, box=None)

    def latency(values: list[float]) -> str:
        each = percentiles(values)
        return "none" if each["p50"] is None else f"p50 {each['p50']} ms, p99 {each['p99']} ms"

    shown.add_row("users", str(report.users))
    shown.add_row("beats", f"{report.beats:,}")
    shown.add_row("frames sent = acked", f"{report.sent:,} = {report.acked:,}")
    shown.add_row("lost", f"[{'red' if report.lost else 'green'}]{report.lost}[/]")
    shown.add_row("resent, refused, reconnects", f"{report.resent}, {report.refused}, {report.reconnects}")
    shown.add_row("acknowledged after", latency(report.ack_ms))
    shown.add_row("events", str(verdict.events))
    shown.add_row("pushes received", f"{len(report.pushes)} ({report.duplicates} duplicates)")
    shown.add_row("event to push", latency(verdict.push_ms))
    for why, frames in report.refusals.items():
        shown.add_row("", f"[red]refused {frames:,} frames: {escape(why)}[/]")
    for reason, beats in report.dropped.items():
        shown.add_row("", f"[red]not stored: {beats:,} beats ({reason})[/]")
    same = f"[green]equal to an offline computation of the same beats ({verdict.rows:,} rows)[/]"
    differs = (
        f"[red]{verdict.rows_different} rows and {verdict.events_different} events differ: {escape(verdict.example)}[/]"
    )
    shown.add_row("store", same if verdict.sound else differs if verdict.rows else f"[red]{escape(verdict.example)}[/]")
    return shown
