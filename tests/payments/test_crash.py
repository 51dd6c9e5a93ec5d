"""PostgreSQL is killed while events are delivered: what was acknowledged is there, and the books are balanced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import ECKey
from pydantic import SecretStr

from local.engines.postgres import Login, Postgres
from services.kit import migrations
from services.payments.migrate import VERSIONS
from services.payments.settings import PaymentsSettings
from tests.fixtures.engines import ScratchEnvironment
from tests.fixtures.waiting import until
from tests.payments.app_store import AppStore
from tests.payments.conftest import Service, serving
from tests.payments.stripe_events import event, invoice, send
from tests.payments.stripe_server import StripeServer

pytestmark = pytest.mark.integration
SENDERS = 4
LOGIN = Login("tester", "a-long-password")
OUT_OF_BALANCE = """
select transaction_id, currency from ledger_postings group by 1, 2 having sum(amount) <> 0"""


@pytest.fixture
def database(scratch: ScratchEnvironment) -> Iterator[Postgres]:
    """A server of this test alone, whose commits are on disk before they are answered."""
    server = Postgres(scratch.folder / "payments-postgres", scratch.addresses[1], 5490)
    server.ensure(LOGIN, "payments")
    yield server
    server.process.kill()


@pytest.fixture
def running(
    database: Postgres, settings: PaymentsSettings, key: ECKey, stripe_server: StripeServer, app_store: AppStore
) -> Iterator[Service]:
    uri = SecretStr(database.uri(LOGIN, "payments"))
    here = settings.model_copy(update={"database_url": uri, "kafka_bootstrap": "127.0.0.1:1"})
    migrations.upgrade(here, VERSIONS)
    with serving(here, key, stripe_server, app_store) as made:
        yield made


def test_no_acknowledged_event_is_lost_when_postgresql_is_killed(running: Service, database: Postgres) -> None:
    payer = running.payer("steady")
    acknowledged: list[str] = []
    refused: list[int] = []
    end = threading.Event()

    def deliver() -> None:
        while not end.is_set():
            id = f"in_{uuid4().hex}"
            try:
                answer = send(running, event("invoice.paid", invoice(payer, id)))
            except httpx.TransportError:
                continue
            if answer.is_success:
                acknowledged.append(id)
            else:
                refused.append(answer.status_code)

    senders = [threading.Thread(target=deliver) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        until("events to be acknowledged", lambda: len(acknowledged) > 20)
        database.process.kill()
        until("an event to be refused", lambda: refused)
        database.ensure()
        before = len(acknowledged)
        until("events to be acknowledged again", lambda: len(acknowledged) > before + 20)
    finally:
        end.set()
        for sender in senders:
            sender.join()
    assert set(refused) == {503}, "providers send again what was not acknowledged"
    sources = {row[0] for row in running.query("select source from ledger_transactions")}
    assert {f"stripe:{id}" for id in acknowledged} <= sources
    assert running.query(OUT_OF_BALANCE) == []
    assert running.balance("revenue") == -999 * len(sources)
    assert {row[0] for row in running.query("select id from invoices")} == {one.partition(":")[2] for one in sources}
