"""One drill: people stream, the regions change, the result is compared, and the regions change back."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console

from cli import region as loss
from cli.drill.activity import Activity
from cli.drill.figures import Drill, table
from cli.drill.people import People
from cli.recovery.commands import STOPS, active
from cli.recovery.execution import execute
from cli.recovery.person import Terminal
from cli.recovery.platform import Target, gateway, target
from contracts.pair import Pair
from contracts.platform import STREAM_HOST
from local.site import Site
from local.wearables.wearable import StreamEndpoint
from runbooks.environment import active_probe, environment
from runbooks.model import Step
from runbooks.plans.actions import Runbook
from runbooks.plans.evaluate import evaluate
from runbooks.plans.failback import failback
from runbooks.plans.failover import failover
from runbooks.plans.switchover import switchover
from runbooks.ports import Environment
from runbooks.report.figures import Figures, figures
from runbooks.runner import Outcome

FIRST_FRAMES = 3
"""A person: before the regions change everybody streams."""
_RETURN_SECONDS = 240.0
_READY_SECONDS = 180.0


class DrillFailed(RuntimeError):
    """The text says what is as it was, and what to do."""


class Rehearsed(Terminal):
    """Types what it is asked for: a drill accepts the loss that it causes, and the journal has it."""

    def ask(self, step: Step, question: str, phrase: str) -> str | None:
        return phrase


@dataclass
class Stage:
    """What both halves of a drill run on."""

    target: Target
    environment: Environment
    console: Console

    def carry_out(self, book: Runbook) -> Figures:
        """Raises DrillFailed when it pauses."""
        done = execute(self.target, self.environment, book, Rehearsed(book.plan, self.console))
        if done.outcome is not Outcome.COMPLETED:
            last = done.entries[-1]
            raise DrillFailed(
                f"{book.plan.name} paused at {last.step}: {last.text}. The platform is as the plan left "
                f"it; go on with: aura {book.plan.name} --resume {done.name}"
            )
        return figures(book.plan, done.entries)


def drill(mode: str, users: int, minutes: float) -> Drill:
    """Changes the regions and back. Raises DrillFailed, and what the runbooks raise."""
    site, console = Site.current(), Console()
    here = target(site)
    stage = Stage(here, environment(here.access), console)
    _ready(stage)
    giving = active(stage.environment)
    taking = stage.environment.pair.other(giving)
    addresses = {name: _address(site, name) for name in stage.environment.regions}
    domain = here.access.domain
    with Activity({name: _serves(name, domain, address) for name, address in addresses.items()}) as activity:
        people = People(site, users, minutes, activity.serving, _endpoints(site, addresses))
        streaming = people.start()
        _until("everybody streams", lambda: people.acknowledged >= FIRST_FRAMES * users, people, 120)
        done = _change(stage, mode, giving)
        refused = activity.longest_s(time.monotonic())
        people.changed(taking)
        streaming.join(minutes * 60 + _RETURN_SECONDS)
        if people.report is None or people.verdict is None:
            raise DrillFailed(
                f"{taking} serves, and people's beats could not be compared: {people.failure or 'too late'}"
            )
        report, verdict = people.report, people.verdict
        back = time.monotonic()
        _back(stage, mode, giving, taking)
        return Drill(
            mode,
            users,
            people.longest_s,
            refused,
            done.recovery_s or done.total_s,
            report.acked,
            verdict.rows_different,
            report.duplicates,
            report.lost,
            time.monotonic() - back,
            activity.at_once,
            done.accepted,
            verdict.example,
        )


def print_drill(mode: str, users: int, minutes: float) -> None:
    """Exits with 1 when something was lost that nobody accepted, and with 2 when the drill did not end."""
    console = Console()
    try:
        result = drill(mode, users, minutes)
    except (DrillFailed, *STOPS) as error:
        console.print(f"aura drill: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(2) from None
    console.print(table([result]))
    if result.difference:
        console.print(result.difference, markup=False, highlight=False)
    raise SystemExit(0 if result.good else 1)


def _ready(stage: Stage) -> None:
    """Returns once everything is as a plan needs it: right after a start, not every lag has been measured yet."""
    deadline = time.monotonic() + _READY_SECONDS
    while missing := [f"{one.what}: {one.text}" for one in evaluate(stage.environment) if not one.good]:
        if time.monotonic() > deadline:
            raise DrillFailed(f"A change of regions would not work now, so nothing was begun. {'; '.join(missing)}")
        time.sleep(1)


def _change(stage: Stage, mode: str, giving: str) -> Figures:
    pair = stage.environment.pair
    if mode == "switchover":
        return stage.carry_out(switchover(pair, giving))
    loss.kill(giving)
    return stage.carry_out(failover(pair, giving))


def _back(stage: Stage, mode: str, giving: str, taking: str) -> None:
    plan: Callable[[Pair, str], Runbook] = switchover
    if mode == "failover":
        loss.restore(giving)
        probes = stage.environment.regions[giving].probes
        _until(f"{giving} answers", lambda: all(probe.answers() for probe in probes), None, _RETURN_SECONDS)
        plan = failback
    stage.carry_out(plan(stage.environment.pair, taking))


def _address(site: Site, region: str) -> str:
    """Of its gateway. It stays the same when the region's own API no longer answers."""
    address = gateway(site, region)
    if address is None:
        raise DrillFailed(f"the gateway of {region} has no address; `aura status` shows what is not Ready")
    return address


def _serves(region: str, domain: str, address: str) -> Callable[[], bool]:
    probe = active_probe(region, domain, lambda: address)
    return lambda: probe.answers() is not None


def _endpoints(site: Site, addresses: dict[str, str]) -> dict[str, StreamEndpoint]:
    trust = ssl.create_default_context(cafile=str(site.home / "ca.pem"))
    trust.minimum_version = ssl.TLSVersion.TLSv1_3
    split = {region: address.rpartition(":") for region, address in addresses.items()}
    url = f"wss://{STREAM_HOST}/v1/stream"
    return {region: StreamEndpoint(url, host, int(port), trust) for region, (host, _, port) in split.items()}


def _until(what: str, holds: Callable[[], bool], people: People | None, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if people is not None and people.failure is not None:
            raise DrillFailed(f"people could not stream: {people.failure}. Nothing was begun.")
        if time.monotonic() > deadline:
            raise DrillFailed(f"{what}: not within {seconds:.0f} s; `aura status` shows what is down")
        time.sleep(0.5)
