"""What a node is prepared with, and which change of its domain that is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from local.cloud.context import CloudContext
from local.cloud.svc.opensearch.backing import DomainBacking
from local.cloud.svc.opensearch.model import Domain, OpenSearchState
from local.site import Site


class PreparedNode:
    """A node that is ready at once, whatever login it was given."""

    def admit(self) -> None: ...

    def ensure(self) -> None: ...


def test_a_password_changed_during_reconcile_keeps_the_domain_processing_until_the_next_one(tmp_path: Path) -> None:
    context, state = CloudContext(Site(tmp_path, 3)), OpenSearchState("us-west-2")
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    names = ("us-west-2", "search", "arn:aws:es:us-west-2:123456789012:domain/search", "123456789012/search")
    domain = Domain(*names, {}, "admin", "before", "127.0.0.1", moment, {}, state="Processing", version=2, applied=1)
    first = DomainBacking(context, state, domain)
    domain.password, domain.version = "after", 3
    for backing, expected in ((first, ("Processing", 1)), (DomainBacking(context, state, domain), ("Active", 3))):
        backing.engine = cast(Any, PreparedNode())
        backing.reconcile()
        assert (domain.state, domain.applied) == expected
