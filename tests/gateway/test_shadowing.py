"""Two routes that claim the same host and path: who is served, and what the other one's status says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from local.gateway.certificate import issue
from local.gateway.objects import HTTPRoute, Object
from local.gateway.routing import status
from local.gateway.routing.plan import Compiled
from local.site import Site
from tests.gateway import objects
from tests.gateway.conftest import UPSTREAM_PORT, RunningGateway, Upstreams

EARLY, LATE = "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z"
TOKEN = "user,token"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Compiled]:
    certificate = issue(Site(Path(tmp_path_factory.mktemp("site"))), ["*.aurawellness.com"])
    base = (objects.gateway_class(), objects.gateway(), objects.secret(certificate), objects.service())
    return lambda *items: objects.compile_objects(
        objects.cache(*base, objects.proxy_service(), *objects.plugins(), *items)
    )


def backends(result: Compiled) -> list[str]:
    return [match.backend for match in result.plan.frontends[0].matches]


def conditions(result: Compiled, route: HTTPRoute) -> dict[str, dict[str, Any]]:
    written = status.route(route, result.routes[route.key], "", LATE)
    assert written is not None
    return {one["type"]: one for one in written["parents"][0]["conditions"]}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_oldest_is_served_whatever_the_order_and_the_others_say_by_whom(
    compiled: Callable[..., Compiled], order: tuple[int, ...]
) -> None:
    claimed = [
        objects.route("zz-oldest", "/v1/x", plugins=TOKEN, created=EARLY),
        objects.route("aa", "/v1/x/", created=LATE),
        objects.route("bb", "/v1/x", plugins=TOKEN, created=LATE),
    ]
    result = compiled(*(claimed[number] for number in order))
    assert backends(result) == ["aura.zz-oldest.0"]
    assert [backend.policy.token for backend in result.plan.backends] == [True]
    assert conditions(result, claimed[0])["Programmed"]["status"] == "True"
    for other in claimed[1:]:
        found = conditions(result, other)
        assert (found["Accepted"]["status"], found["Programmed"]["status"]) == ("True", "False")
        assert found["Programmed"]["reason"] == "Shadowed"
        assert "HTTPRoute zz-oldest" in found["Programmed"]["message"]


def test_of_two_of_one_age_the_first_by_name_is_served(compiled: Callable[..., Compiled]) -> None:
    result = compiled(objects.route("b", "/v1/x"), objects.route("a", "/v1/x"))
    assert backends(result) == ["aura.a.0"]


def test_other_hosts_and_paths_do_not_shadow(compiled: Callable[..., Compiled]) -> None:
    result = compiled(
        objects.route("a", "/v1/x"),
        objects.route("b", "/v1/X"),
        objects.route("c", "/v1/x/y"),
        objects.route("e", "/v1/x", host=objects.STREAM),
    )
    assert len(backends(result)) == 4


def test_a_route_that_is_partly_shadowed_says_what_is_not_served(compiled: Callable[..., Compiled]) -> None:
    both = [{"path": {"type": "PathPrefix", "value": path}} for path in ("/v1/x", "/v1/y")]
    partly = objects.route("partly", "/", matches=both, created=LATE)
    result = compiled(objects.route("older", "/v1/x", created=EARLY), partly)
    assert backends(result) == ["aura.older.0", "aura.partly.0"]
    found = conditions(result, partly)
    assert (found["Programmed"]["status"], found["PartiallyInvalid"]["status"]) == ("True", "True")
    assert "/v1/x is served by HTTPRoute older" in found["PartiallyInvalid"]["message"]


def test_a_refused_route_claims_nothing(compiled: Callable[..., Compiled]) -> None:
    refused = objects.route("refused", "/v1/x", plugins="missing", created=EARLY)
    assert backends(compiled(refused, objects.route("served", "/v1/x", created=LATE))) == ["aura.served.0"]


@pytest.mark.integration
async def test_an_open_route_that_asks_for_more_takes_its_part_of_a_guarded_one(
    gateway: RunningGateway, upstreams: Upstreams
) -> None:
    guarded = objects.route("guarded", "/v1/mine", plugins=TOKEN, created=EARLY)
    gets = [{"path": {"type": "PathPrefix", "value": "/v1/mine"}, "method": "GET"}]
    others: list[Object] = [objects.route("a-gets", "/", matches=gets, created=LATE)]
    await gateway.apply(*others, guarded, *objects.plugins(), objects.pod("one", upstreams.start("one"), UPSTREAM_PORT))
    async with gateway.client() as client:
        answers = [(await client.request(method, "/v1/mine/x")).status_code for method in ("GET", "POST")]
    assert answers == [200, 401]  # the guarded service's condition Routed says so (operators/auraservice/shadowing.py)


@pytest.mark.integration
async def test_an_open_route_with_the_same_match_does_not_open_a_guarded_one(
    gateway: RunningGateway, upstreams: Upstreams
) -> None:
    guarded = objects.route("guarded", "/v1/mine", plugins=TOKEN, created=EARLY)
    others: list[Object] = [
        objects.route("a-open", "/v1/mine", created=LATE),
        objects.route("a-open-slash", "/v1/mine/", created=LATE),
    ]
    await gateway.apply(*others, guarded, *objects.plugins(), objects.pod("one", upstreams.start("one"), UPSTREAM_PORT))
    async with gateway.client() as client:
        without = [(await client.get(path)).status_code for path in ("/v1/mine", "/v1/mine/", "/v1/mine/x")]
        with_token = (await client.get("/v1/mine/x", headers=gateway.bearer("ann"))).status_code
    assert (without, with_token) == ([401, 401, 401], 200)
