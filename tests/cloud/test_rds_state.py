"""States of RDS that were stored before snapshots, replicas and pending modifications existed still work."""

from __future__ import annotations

import copyreg
import pickle
from datetime import UTC, datetime
from typing import Any

from local.cloud.svc.rds import modification
from local.cloud.svc.rds.model import Instance, RdsState

OLD_INSTANCE = (
    *("region", "identifier", "resource_id", "arn", "inputs", "password", "address", "created", "tags", "status"),
)
OLD_STATE = ("region", "subnet_groups", "parameter_groups", "instances")


def stored_before(value: Any, fields: tuple[str, ...]) -> Any:
    """As it comes back from a pickle that has these fields only."""
    kept = {name: vars(value)[name] for name in fields}
    made = copyreg.__newobj__(type(value))  # pyright: ignore[reportAttributeAccessIssue]
    made.__setstate__(pickle.loads(pickle.dumps(kept)))
    return made


def instance(status: str) -> Instance:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    inputs = {"Port": 5432, "DBInstanceClass": "db.t4g.micro"}
    return Instance("us-west-2", "i", "db-1", "arn", inputs, "p", "127.0.0.1", moment, {}, status)


def test_old_instance_has_what_was_added_later() -> None:
    old = stored_before(instance("available"), OLD_INSTANCE)
    assert (old.ready, old.running, old.following, old.promoting) == (True, None, None, False)
    modification.modify(old, {"MultiAZ": True}, immediately=False)
    assert old.pending == {"MultiAZ": True}
    assert stored_before(instance("available"), OLD_INSTANCE).pending == {}


def test_old_instance_that_was_being_created_still_gets_its_user() -> None:
    assert not stored_before(instance("creating"), OLD_INSTANCE).ready


def test_old_state_has_no_snapshots() -> None:
    state = RdsState("us-west-2")
    state.instances["i"] = instance("available")
    old = stored_before(state, OLD_STATE)
    assert (old.snapshots, old.events, list(old.instances)) == ({}, [], ["i"])
