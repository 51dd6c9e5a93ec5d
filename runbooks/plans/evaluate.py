"""evaluate: would a plan work now? It changes nothing, and looks at everything that it can reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from contracts import lease
from contracts.pair import Pair
from contracts.platform import RegionRole
from contracts.recovery_point import expected_loss, not_streaming, phrase
from runbooks.ports import Database, Environment, Region, Unreachable, Witness
from runbooks.steps.seen import held, points
from runbooks.turn import current

FRESH_S = 60.0
"""A recovery point that is older is none: the recorder does not run."""
LOSS_S = 300.0
"""The promised RPO."""


@dataclass(frozen=True)
class Finding:
    what: str
    good: bool
    text: str


def evaluate(environment: Environment) -> list[Finding]:
    """Never raises: what does not answer is a finding."""
    findings: list[Finding] = []
    for what, check in _checks(environment):
        try:
            good, text = check()
        except Unreachable as error:
            good, text = False, str(error)
        findings.append(Finding(what, good, text))
    return findings


Check = Callable[[], tuple[bool, str]]


def _checks(environment: Environment) -> Iterator[tuple[str, Check]]:
    witness, pair = environment.witness, environment.pair
    yield "the lease", lambda: _lease(witness)
    yield "nobody is at it", lambda: _turn(witness)
    for name in pair.regions:
        region = environment.regions[name]
        yield f"recovery points of {name}", lambda name=name: _recorded(witness, name)
        yield f"databases of {name}", lambda region=region: _databases(region, pair)
        yield f"role of {name}", lambda region=region: _role(witness, region)
        yield f"resources of {name}", lambda region=region: _ready(region)
    yield "the cache", lambda: _cache(environment)
    yield "what would be lost", lambda: _loss(witness, pair)


def _active(witness: Witness) -> tuple[lease.Lease, float]:
    found = held(witness)
    if found is None:
        raise Unreachable("there is no lease at the witness: the service `region` has never run in the active region")
    return found[0], found[2]


def _lease(witness: Witness) -> tuple[bool, str]:
    current, now = _active(witness)
    if current.fenced_by:
        return False, f"{current.region} is fenced by {current.fenced_by}"
    if lease.expired(current, now):
        return False, f"{current.region} last renewed it {now - current.renewed_at:.0f} s ago"
    return True, f"{current.region} holds it (epoch {current.epoch})"


def _turn(witness: Witness) -> tuple[bool, str]:
    turn = current(witness)
    if turn is None or turn.ended:
        return True, "no execution is under way"
    return False, f"{turn.by} carries out {turn.plan} (execution {turn.execution})"


def _recorded(witness: Witness, region: str) -> tuple[bool, str]:
    newest = points(witness, region).newest
    stored = held(witness)
    if newest is None or stored is None:
        return False, "none: no recorder of it has ever written"
    age = stored[2] - newest.at
    silent = f"; without {', '.join(newest.silent)}" if newest.silent else ""
    return age < FRESH_S and not newest.silent, f"the newest is {max(0.0, age):.0f} s old{silent}"


def _databases(region: Region, pair: Pair) -> tuple[bool, str]:
    found = {name: region.databases.find(pair.instance(name, region.name)) for name in sorted(pair.databases)}
    texts = [
        f"{name}: {'missing' if one is None else one.status}{' (replica)' if one is not None and one.source else ''}"
        for name, one in found.items()
    ]
    return all(one is not None and _serves(one) for one in found.values()), ", ".join(texts)


def _serves(database: Database) -> bool:
    return database.status == "available" and (not database.source or database.streaming)


def _role(witness: Witness, region: Region) -> tuple[bool, str]:
    current, _ = _active(witness)
    wanted = RegionRole.ACTIVE if current.region == region.name else RegionRole.PASSIVE
    role = region.cluster.role()
    if role == wanted.value:
        return True, role
    return False, f"it is told {role or 'nothing'}, and by the lease it is {wanted.value}"


def _ready(region: Region) -> tuple[bool, str]:
    unready = region.cluster.unready()
    return not unready, "; ".join(unready[:3]) or "all Ready"


def _cache(environment: Environment) -> tuple[bool, str]:
    current, _ = _active(environment.witness)
    region, status = environment.regions[environment.pair.other(current.region)].cache.primary()
    return region == current.region and status == "available", f"its primary is in {region}; it is {status}"


def _loss(witness: Witness, pair: Pair) -> tuple[bool, str]:
    current, _ = _active(witness)
    giving, taking = points(witness, current.region), points(witness, pair.other(current.region))
    if stale := not_streaming(taking, pair.databases):
        return False, f"{', '.join(stale)} does not stream to {taking.region}"
    newest = giving.newest
    loss = expected_loss(giving, taking, newest.at if newest else 0.0)
    return all(one.amount is not None for one in loss.stores), phrase(loss)
