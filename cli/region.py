"""`aura region`: loses a region, cuts it off, brings it back; and what of it the other one has."""

from __future__ import annotations

from collections.abc import Callable

import typer

from cli.deploy.regions import serving
from local.engines.runtime.process import EngineFailed
from local.loss import model
from local.loss.ending import kill_processes
from local.loss.file import LossFile, Unreadable
from local.loss.model import Loss
from local.site import Site


def kill(region: str) -> None:
    site = Site.current()
    _change(site, lambda loss: model.kill(loss, _known(region)))
    try:
        ended = kill_processes(site, region)
    except EngineFailed as error:
        raise _failed(f"{error}. {region} counts as killed; repeat the command.") from None
    typer.echo(f"{region}: {ended} processes killed, its part of AWS answers nothing. Its data stay.")
    typer.echo(f"`aura region restore {region}` starts it again.")


def partition(region: str) -> None:
    _change(Site.current(), lambda loss: model.partition(loss, _known(region)))
    typer.echo(f"{region} runs on, cut off from other regions, the witness and clients until it is restored.")


def restore(region: str) -> None:
    before = _current(Site.current())
    _change(Site.current(), lambda loss: model.restore(loss, _known(region)))
    if not before.lost(region):
        typer.echo(f"{region} was there.")
    else:
        typer.echo(f"{region} is reached again; what was killed is being started. `aura region status` shows it.")


def latency(milliseconds: float | None) -> None:
    if milliseconds is not None:
        _change(Site.current(), lambda loss: model.delayed(loss, milliseconds))
    typer.echo(f"{_current(Site.current()).latency_ms:g} ms there and back between two regions")


def refuse_calls(refusing: bool) -> None:
    _change(Site.current(), lambda loss: model.refuse_calls(loss, refusing))
    said = "Every call of a control plane is refused; data planes go on." if refusing else "Calls are answered again."
    typer.echo(said)


def _known(region: str) -> str:
    there = serving(Site.current())
    if region not in there:
        raise model.Invalid(f"{region!r} is no region of this platform; it has {', '.join(there)}")
    return region


def _current(site: Site) -> Loss:
    try:
        return LossFile(site).current()
    except Unreadable as error:
        raise _failed(str(error)) from None


def _change(site: Site, step: Callable[[Loss], Loss]) -> None:
    try:
        LossFile(site).change(step)
    except (Unreadable, model.Invalid) as error:
        raise _failed(str(error)) from None


def _failed(message: str) -> typer.Exit:
    typer.echo(f"aura: {message}", err=True)
    return typer.Exit(2)
