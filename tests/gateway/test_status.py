"""Statuses of objects, and when they are written."""

from __future__ import annotations

from contracts.gateway import CONTROLLER_NAME
from local.gateway.routing import status
from local.gateway.routing.plan import Condition, ListenerStatus
from tests.gateway import objects

EARLY, LATE = "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z"
GOOD = (Condition("Accepted", True, "Accepted"), Condition("ResolvedRefs", True, "ResolvedRefs"))
BAD = (Condition("Accepted", False, "UnsupportedValue", "no"),)


def test_an_unchanged_status_is_not_written() -> None:
    route = objects.route("mine", "/")
    first = status.route(route, {0: GOOD}, "", EARLY)
    assert first is not None
    again = route.model_copy(update={"status": first})
    assert status.route(again, {0: GOOD}, "", LATE) is None


def test_last_transition_time_changes_with_the_status_only() -> None:
    route = objects.route("mine", "/")
    route = route.model_copy(update={"status": status.route(route, {0: GOOD}, "", EARLY)})
    changed = status.route(route, {0: BAD}, "", LATE)
    assert changed is not None
    conditions = {item["type"]: item for item in changed["parents"][0]["conditions"]}
    assert (conditions["Accepted"]["status"], conditions["Accepted"]["lastTransitionTime"]) == ("False", LATE)
    assert conditions["Accepted"]["observedGeneration"] == 3
    rejected = status.route(route, {0: GOOD}, "rejected", LATE)
    assert rejected is not None
    conditions = {item["type"]: item for item in rejected["parents"][0]["conditions"]}
    assert conditions["Accepted"]["lastTransitionTime"] == EARLY
    assert (conditions["Programmed"]["status"], conditions["Programmed"]["message"]) == (
        "False",
        "rejected",
    )


def test_statuses_of_other_controllers_are_kept_and_ours_go_with_their_parent_ref() -> None:
    theirs = {"parentRef": {"name": "other"}, "controllerName": "example.com/other", "conditions": []}
    ours = {"parentRef": {"name": "aura"}, "controllerName": CONTROLLER_NAME, "conditions": []}
    route = objects.route("mine", "/").model_copy(update={"status": {"parents": [theirs, ours]}})
    assert status.route(route, {}, "", EARLY) == {"parents": [theirs]}


def test_a_gateway_reports_its_address_and_invalid_listeners() -> None:
    gateway = objects.gateway()
    unresolved = (GOOD[0], Condition("ResolvedRefs", False, "InvalidCertificateRef", "no such Secret"))
    good = status.gateway(gateway, [ListenerStatus("https", 2, GOOD)], "127.0.0.9", "", EARLY)
    bad = status.gateway(gateway, [ListenerStatus("https", 0, unresolved)], "127.0.0.9", "", EARLY)
    assert good is not None and bad is not None
    assert good["addresses"] == [{"type": "IPAddress", "value": "127.0.0.9"}]
    assert good["listeners"][0]["attachedRoutes"] == 2
    assert [item["status"] for item in good["conditions"]] == ["True", "True"]
    assert {item["type"]: item["status"] for item in bad["conditions"]}["Programmed"] == "False"
    assert bad["conditions"][0]["message"] == "not served: https"


def test_a_consumer_is_programmed_when_all_its_credentials_are_in_use() -> None:
    consumer = objects.consumer()
    good = status.consumer(consumer, (), "", EARLY)
    assert good is not None
    (condition,) = good["conditions"]
    assert (condition["type"], condition["status"], condition["observedGeneration"]) == ("Programmed", "True", 3)
    assert status.consumer(consumer.model_copy(update={"status": good}), (), "", LATE) is None
    bad = status.consumer(consumer, ("one is missing", "the other as well"), "", EARLY)
    assert bad is not None
    assert bad["conditions"][0]["message"] == "one is missing; the other as well"
    assert bad["conditions"][0]["status"] == "False"
