"""The gateway and the services accept exactly the same tokens, however they are spelt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import pytest
from joserfc.jwk import ECKey, Key, KeySet, RSAKey
from starlette.datastructures import Headers

from services.kit.settings import DEFAULT_ISSUER
from services.kit.tokens import InvalidToken, bearer, parse, verify
from tests.gateway import objects, spellings, token_text
from tests.gateway.conftest import UPSTREAM_PORT, RunningGateway, Upstreams
from tests.gateway.spellings import RawHeaders

Outcome = Mapping[str, bool]


def expected(name: str) -> bool:
    return "!" not in name


def judged_by_services(headers: RawHeaders, keys: list[Key]) -> bool:
    raw = [(name.lower(), value) for name, value in headers]
    try:
        verify(parse(bearer(Headers(raw=raw))), KeySet(keys), issuer=DEFAULT_ISSUER, audience="aura", now=time.time())
    except InvalidToken as error:
        assert str(error).isascii()  # it is an HTTP answer
        return False
    return True


async def judged_by_gateway(gateway: RunningGateway, headers: RawHeaders) -> bool:
    lines = [b"GET /v1/mine HTTP/1.1", b"Host: " + objects.HOST.encode(), b"Connection: close"]
    lines += [name + b": " + value for name, value in headers]
    reader, writer = await asyncio.open_connection(
        gateway.address, objects.PORT, ssl=gateway.trust, server_hostname=objects.HOST
    )
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
    status = int((await reader.readline()).split()[1])
    writer.close()
    assert status in (200, 400, 401)
    return status == 200


def authorization(token: str) -> RawHeaders:
    return [(b"Authorization", b"Bearer " + token.encode(errors="surrogatepass"))]


@pytest.fixture
async def routed(gateway: RunningGateway, upstreams: Upstreams) -> RunningGateway:
    address = upstreams.start("one")
    await gateway.apply(
        objects.route("mine", "/v1/mine", plugins="user,token"),
        *objects.plugins(),
        objects.pod("one", address, UPSTREAM_PORT),
    )
    return gateway


def test_the_services_judge_every_spelling(new_key: Callable[[], ECKey]) -> None:
    key = new_key()
    verdicts = {name: judged_by_services(authorization(make(key)), [key]) for name, make in spellings.tokens()}
    assert verdicts == {name: expected(name) for name in verdicts}
    assert len(verdicts) > 60


@pytest.mark.integration
async def test_the_gateway_judges_every_spelling(routed: RunningGateway) -> None:
    verdicts = {
        name: await judged_by_gateway(routed, authorization(make(routed.key))) for name, make in spellings.tokens()
    }
    assert verdicts == {name: expected(name) for name in verdicts}


@pytest.mark.integration
async def test_both_judge_every_way_to_send_a_token(routed: RunningGateway) -> None:
    token = routed.token().encode()
    sent = {name: make(token) for name, make in spellings.headers().items()}
    services = {name: judged_by_services(headers, [routed.key]) for name, headers in sent.items()}
    gateway = {name: await judged_by_gateway(routed, headers) for name, headers in sent.items()}
    assert gateway == services == {name: expected(name) for name in sent}


@pytest.mark.integration
async def test_both_take_the_same_keys(gateway: RunningGateway, upstreams: Upstreams) -> None:
    """A key is for tokens by its kind and size. What else a JWKS says of it, its use, a credential cannot say."""
    usable = {
        "ES256": ECKey.generate_key("P-256", {"kid": "ec"}),
        "RS256": RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS256", "use": "sig"}),
    }
    other = [
        ("RS256", RSAKey.generate_key(1024, {"kid": "short"})),
        ("ES256", ECKey.generate_key("P-256", {"kid": "a key"})),
    ]
    cases = [*usable.items(), *other]
    secrets = [objects.credential(key, algorithm) for algorithm, key in cases]
    address = upstreams.start("one")
    await gateway.apply(
        objects.route("mine", "/v1/mine", plugins="user,token"),
        *objects.plugins(),
        objects.pod("one", address, UPSTREAM_PORT),
        credentials=[*secrets, objects.consumer(*secrets)],
    )
    verdicts: dict[str | None, tuple[bool, bool]] = {}
    for algorithm, key in cases:
        token = token_text.sign(key, token_text.head(key, alg=f'"{algorithm}"'), token_text.body(), algorithm)
        services = judged_by_services(authorization(token), [key for _, key in cases])
        verdicts[key.kid] = services, await judged_by_gateway(gateway, authorization(token))
    assert verdicts == {key.kid: (key in usable.values(),) * 2 for _, key in cases}


@pytest.mark.integration
async def test_the_longest_subjects_are_counted_apart(gateway: RunningGateway, upstreams: Upstreams) -> None:
    address = upstreams.start("one")
    await gateway.apply(
        objects.route("mine", "/v1/mine", plugins="user,token,limit"),
        *objects.plugins(per_minute=1),
        objects.pod("one", address, UPSTREAM_PORT),
    )
    users = ["x" * 254 + "a", "x" * 254 + "b", "team,a", "other,a"]
    async with gateway.client() as client:
        answers = [await client.get("/v1/mine", headers=gateway.bearer(user)) for user in users]
        again = await client.get("/v1/mine", headers=gateway.bearer(users[0]))
    assert [answer.json()["headers"]["x-user-id"] for answer in answers] == users
    assert again.status_code == 429


@pytest.mark.integration
async def test_the_reason_of_a_refusal_is_in_the_answer(routed: RunningGateway) -> None:
    token = token_text.sign(routed.key, token_text.head(routed.key), token_text.body(sub=r'"\u674e"'))
    with pytest.raises(InvalidToken) as refused:
        parse(token)
    async with routed.client() as client:
        answer = await client.get("/v1/mine", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["message"] == str(refused.value)
