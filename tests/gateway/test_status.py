"""What is written on the objects, and when."""

from __future__ import annotations

from local.gateway.routing import status
from local.gateway.routing.compile import CONTROLLER
from local.gateway.routing.plan import Condition, ListenerVerdict
from tests.gateway import objects

EARLY, LATE = "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z"
GOOD = (Condition("Accepted", True, "Accepted"), Condition("ResolvedRefs", True, "ResolvedRefs"))
BAD = (Condition("Accepted", False, "UnsupportedValue", "no"),)


def test_a_status_that_says_so_already_is_not_written() -> None:
    route = objects.route("mine", "/")
    first = status.route(route, {0: GOOD}, "", EARLY)
    assert first is not None
    again = route.model_copy(update={"status": first})
    assert status.route(again, {0: GOOD}, "", LATE) is None


def test_a_condition_keeps_its_moment_until_it_turns() -> None:
    route = objects.route("mine", "/")
    route = route.model_copy(update={"status": status.route(route, {0: GOOD}, "", EARLY)})
    turned = status.route(route, {0: BAD}, "", LATE)
    assert turned is not None
    said = {item["type"]: item for item in turned["parents"][0]["conditions"]}
    assert (said["Accepted"]["status"], said["Accepted"]["lastTransitionTime"]) == ("False", LATE)
    assert said["Accepted"]["observedGeneration"] == 3
    refused = status.route(route, {0: GOOD}, "haproxy says no", LATE)
    assert refused is not None
    said = {item["type"]: item for item in refused["parents"][0]["conditions"]}
    assert said["Accepted"]["lastTransitionTime"] == EARLY
    assert (said["Programmed"]["status"], said["Programmed"]["message"]) == ("False", "haproxy says no")


def test_what_other_controllers_say_is_kept_and_what_we_said_goes_with_its_parent() -> None:
    theirs = {"parentRef": {"name": "other"}, "controllerName": "example.com/other", "conditions": []}
    ours = {"parentRef": {"name": "aura"}, "controllerName": CONTROLLER, "conditions": []}
    route = objects.route("mine", "/").model_copy(update={"status": {"parents": [theirs, ours]}})
    assert status.route(route, {}, "", EARLY) == {"parents": [theirs]}


def test_a_gateway_says_where_it_is_and_which_listeners_fail() -> None:
    gateway = objects.gateway()
    fault = (GOOD[0], Condition("ResolvedRefs", False, "InvalidCertificateRef", "no such Secret"))
    good = status.gateway(gateway, [ListenerVerdict("https", 2, GOOD)], "127.0.0.9", "", EARLY)
    bad = status.gateway(gateway, [ListenerVerdict("https", 0, fault)], "127.0.0.9", "", EARLY)
    assert good is not None and bad is not None
    assert good["addresses"] == [{"type": "IPAddress", "value": "127.0.0.9"}]
    assert good["listeners"][0]["attachedRoutes"] == 2
    assert [item["status"] for item in good["conditions"]] == ["True", "True"]
    assert {item["type"]: item["status"] for item in bad["conditions"]}["Programmed"] == "False"
    assert bad["conditions"][0]["message"] == "not served: https"
