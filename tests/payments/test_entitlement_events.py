"""What others are told of a person's entitlements, and what is left of the person once their account has ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from msgspec import DecodeError
from psycopg.errors import QueryCanceled

from contracts import entitlement_events, user_events
from contracts.entitlement_events import Entitlement, EntitlementEvent
from contracts.platform import TOPIC_ENTITLEMENT_EVENTS, TOPIC_USER_EVENTS
from services.kit import database
from services.kit.outbox import Relay
from services.payments.erasure import Eraser
from services.payments.providers.report import ProviderUnavailable
from services.payments.providers.stripe.api import Stripe
from services.payments.subscriptions import GRACE
from tests.fixtures.waiting import until
from tests.kit.refusals import refusing
from tests.payments.conftest import Service
from tests.payments.stripe_events import DAY, NOW, event, invoice, send, subscription

pytestmark = pytest.mark.integration
Told = list[EntitlementEvent | None]
WITH_A_PERSON = """
select table_name, column_name from information_schema.columns
where table_schema = 'public' and column_name in ('user_id', 'key')"""
BOOKS_OF = """
select account, currency, amount from ledger_postings join ledger_transactions on id = transaction_id
where payer = %s"""


@pytest.fixture(scope="module")
def topic(service: Service) -> Iterator[_Topic]:
    """What the topic says of each person, None for a tombstone."""
    consumer = Consumer({**service.settings.kafka_client, "group.id": "payments-tests", "enable.auto.commit": False})
    partitions = [TopicPartition(TOPIC_ENTITLEMENT_EVENTS, n, 0) for n in range(entitlement_events.PARTITIONS)]
    consumer.assign(partitions)
    found = _Topic(consumer)
    yield found
    consumer.close()


class _Topic(dict[str, Told]):
    def __init__(self, consumer: Consumer) -> None:
        super().__init__()
        self._consumer = consumer

    def of(self, user: str, count: int) -> Told:
        """The records of a person, once there are `count`."""

        def read() -> bool:
            for message in self._consumer.consume(100, timeout=0.2):
                key, value = message.key(), message.value()
                assert isinstance(key, bytes)
                told = entitlement_events.read(value) if isinstance(value, bytes) else None
                self.setdefault(key.decode(), []).append(told)
            return len(self.get(user, [])) >= count

        until(f"{count} records of {user}", read)
        return self[user]


def test_a_change_of_what_a_person_has_is_told_and_nothing_else(service: Service, topic: _Topic) -> None:
    payer, end = service.payer("told"), NOW + 30 * DAY
    late = event("customer.subscription.created", subscription(payer, period_end=end - DAY), created=NOW - 10)
    for told in (
        event("customer.subscription.updated", subscription(payer, period_end=end), created=NOW),
        event("invoice.paid", invoice(payer, "in_told")),
        late,
        late,
        event("customer.subscription.deleted", subscription(payer, "canceled", period_end=end), created=NOW + 5),
    ):
        send(service, told).raise_for_status()
    first, second = topic.of("told", 2)
    grace = int(GRACE.total_seconds())
    assert first and (first.version, first.entitlements) == (1, (Entitlement("premium", (end + grace) * 1000),))
    assert second and (second.version, second.entitlements) == (2, ())


def test_the_end_of_an_account_leaves_books_of_nobody(service: Service, topic: _Topic) -> None:
    user = "ended"
    payer = service.payer(user)
    service.stripe.customers.add(f"cus_{payer}")
    send(service, event("customer.subscription.created", subscription(payer))).raise_for_status()
    send(service, event("invoice.paid", invoice(payer, "in_ended"))).raise_for_status()
    token = service.client(user)
    token.post("/checkout", json={"plan": "free"}, headers={"Idempotency-Key": "1"})
    postings = service.query(BOOKS_OF, payer)
    assert postings
    until_ms = int(time.time() * 1000) + 900_000
    deleted = user_events.UserEvent(
        str(uuid4()), user_events.Kind.ACCOUNT_DELETED, user, until_ms - 900_000, until=until_ms
    )
    producer = Producer(dict(service.settings.kafka_client))
    for _ in range(2):
        producer.produce(TOPIC_USER_EVENTS, user_events.encode(deleted), user)
    assert producer.flush(30) == 0
    assert topic.of(user, 2)[-1] is None, "a tombstone: nothing of the person stays in the topic"
    assert f"cus_{payer}" not in service.stripe.customers, "nothing is charged any more"
    assert service.query("select user_id, stripe_customer from payers where id = %s", payer) == [(None, None)]
    assert service.query("select * from invoices where payer = %s", payer) == []
    assert service.query(BOOKS_OF, payer) == postings
    for table, column in service.query(WITH_A_PERSON):
        assert service.query(f"select * from {table} where {column}::text = %s", user) == [], table
    for method, path in (("GET", "/subscription"), ("GET", "/invoices"), ("POST", "/subscription/cancellation")):
        assert token.request(method, path).status_code == 410, "a token of before the end"
    paid_late = subscription(payer, id="sub_late", customer="cus_late")
    service.stripe.customers.add("cus_late")
    service.stripe.away = True
    late = event("customer.subscription.created", paid_late, created=NOW + 9)
    assert send(service, late).status_code == 503
    service.stripe.away = False
    assert send(service, late).json() == {"recorded": False}
    assert "cus_late" not in service.stripe.customers, "a checkout that was open ends as well"
    again = service.client(user, lifetime=2000).get("/subscription").json()
    assert again["account_token"] != payer, "who comes back is another payer"
    assert again["subscription"] is None


def test_while_stripe_is_away_nothing_is_erased(service: Service) -> None:
    user = "ended-away"
    payer = service.payer(user)
    send(service, event("customer.subscription.created", subscription(payer))).raise_for_status()
    deleted = user_events.UserEvent(str(uuid4()), user_events.Kind.ACCOUNT_DELETED, user, 0, until=4_000_000_000_000)
    nobody = Stripe("sk_test_x", "http://127.0.0.1:1")

    with pytest.raises(ProviderUnavailable):
        asyncio.run(erase(service, deleted, nobody))
    assert service.payer(user) == payer


def test_what_no_table_takes_is_told_from_a_database_that_is_away(service: Service) -> None:
    deleted = user_events.UserEvent(str(uuid4()), user_events.Kind.ACCOUNT_DELETED, "refused", 0, until=1)
    uri, nobody = service.settings.database_url.get_secret_value(), Stripe("sk_test_x", "http://127.0.0.1:1")
    with refusing(uri, "deletions", "23514"), pytest.raises(DecodeError, match="constraint"):
        asyncio.run(erase(service, deleted, nobody))
    with refusing(uri, "deletions", "57014"), pytest.raises(QueryCanceled):
        asyncio.run(erase(service, deleted, nobody))


async def erase(service: Service, deleted: user_events.UserEvent, stripe: Stripe) -> None:
    async with database.pool(service.settings, size=1) as pool:
        await Eraser(pool, stripe, Relay(pool, {})).handle(user_events.encode(deleted))
