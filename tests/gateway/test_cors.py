"""Pages of declared origins (CORS, as the Fetch standard has it)."""

from __future__ import annotations

import pytest

from tests.gateway import objects
from tests.gateway.conftest import UPSTREAM_PORT, RunningGateway, Upstreams
from tests.gateway.declared import declared_by_operator

pytestmark = pytest.mark.integration
APP, LOCAL = "https://app.aurawellness.com", "http://localhost:3000"


def asked(origin: str, method: str = "GET") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization",
    }


@pytest.fixture
async def routed(gateway: RunningGateway, upstreams: Upstreams) -> RunningGateway:
    """/v1/mine, as the operator makes it, has two origins and takes two requests a minute; /v1/closed has none."""
    address = upstreams.start("one")
    await gateway.apply(
        *declared_by_operator({"path": "/v1/mine", "origins": [APP, LOCAL]}),
        *declared_by_operator({"path": "/v1/closed"}),
        objects.pod("one", address, UPSTREAM_PORT),
    )
    return gateway


async def test_a_preflight_is_answered_without_a_token_and_not_counted(routed: RunningGateway) -> None:
    async with routed.client() as client:
        answers = [await client.options("/v1/mine", headers=asked(APP)) for _ in range(4)]
        local = await client.options("/v1/mine", headers=asked(LOCAL, "DELETE"))
        real = await client.get("/v1/mine", headers={"Origin": APP, **routed.bearer()})
    for answer in answers:
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert "GET" in answer.headers["Access-Control-Allow-Methods"]
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
        assert answer.headers["Access-Control-Max-Age"] == "600"
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert local.headers["Access-Control-Allow-Origin"] == LOCAL
    assert (real.status_code, real.headers["Access-Control-Allow-Origin"]) == (200, APP)
    assert real.headers["RateLimit-Remaining"] == "1"


async def test_a_page_can_read_refusals_too(routed: RunningGateway) -> None:
    async with routed.client() as client:
        missing = await client.get("/v1/mine", headers={"Origin": APP})
        invalid = await client.get("/v1/mine", headers={"Origin": APP, "Authorization": "Bearer x"})
        for _ in range(2):
            await client.get("/v1/mine", headers={"Origin": APP, **routed.bearer()})
        limited = await client.get("/v1/mine", headers={"Origin": APP, **routed.bearer()})
    assert [answer.status_code for answer in (missing, invalid, limited)] == [401, 401, 429]
    for answer in (missing, invalid, limited):
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert "X-Trace-Id" in answer.headers["Access-Control-Expose-Headers"]
        assert answer.headers["Vary"] == "Origin"


async def test_another_origin_is_allowed_nothing(routed: RunningGateway) -> None:
    others = ["https://evil.com", f"{APP}.evil.com", f"{APP}:8443", "http://app.aurawellness.com", "null", "*", ""]
    async with routed.client() as client:
        for origin in others:
            preflight = await client.options("/v1/mine", headers=asked(origin))
            real = await client.get("/v1/mine", headers={"Origin": origin})
            assert (preflight.status_code, real.status_code) == (204, 401)
            for answer in (preflight, real):
                assert not [name for name in answer.headers if name.startswith("access-control-allow")]


async def test_what_is_no_preflight_needs_a_token(routed: RunningGateway) -> None:
    async with routed.client() as client:
        answers = [
            await client.options("/v1/mine", headers={"Origin": APP}),
            await client.options("/v1/mine", headers={"Access-Control-Request-Method": "GET"}),
            await client.get("/v1/mine", headers=asked(APP)),
            await client.options("/v1/closed", headers=asked(APP)),
        ]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert "Access-Control-Allow-Origin" not in answers[-1].headers


@pytest.mark.parametrize("origin", ["*", "https://*.aurawellness.com", "https://a.com/", "https://A.com", "null"])
def test_origins_are_declared_one_by_one(origin: str) -> None:
    with pytest.raises(ValueError, match="origins"):
        declared_by_operator({"path": "/v1/mine", "origins": [origin]})
