"""The gateway from the client's side: a real HAProxy in front of a real service."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest
from h2.connection import H2Connection
from h2.events import Event, ResponseReceived, StreamEnded
from jsonschema import Draft202012Validator

from services.openapi import gateway as documented
from tests.gateway import objects
from tests.gateway.conftest import UPSTREAM_PORT, RunningGateway, Upstreams

pytestmark = pytest.mark.integration
RST_STREAM = 3
TRACE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
async def routed(gateway: RunningGateway, upstreams: Upstreams) -> RunningGateway:
    """/v1/open is public, /v1/mine needs a token and has a limit of 1000 requests a minute."""
    address = upstreams.start("one")
    await gateway.apply(
        objects.route("open", "/v1/open"),
        objects.route("mine", "/v1/mine", plugins="user,token,limit"),
        *objects.plugins(),
        objects.pod("one", address, UPSTREAM_PORT),
    )
    return gateway


async def test_a_request_reaches_the_service_with_the_user_id(routed: RunningGateway) -> None:
    async with routed.client() as client:
        answer = await client.post("/v1/mine/x?y=1", content="hello", headers=routed.bearer("ann"))
    seen = answer.json()
    assert answer.status_code == 200
    assert (seen["path"], seen["body"]) == ("/v1/mine/x?y=1", "hello")
    assert seen["headers"]["x-user-id"] == "ann"
    assert seen["headers"]["x-forwarded-proto"] == "https"


async def test_forged_headers_are_overwritten(routed: RunningGateway) -> None:
    forged = {"X-User-Id": "root", "X-User-Roles": "admin", "X-Forwarded-For": "8.8.8.8", "X-Consumer-Id": "1"}
    async with routed.client() as client:
        mine = (await client.get("/v1/mine", headers={**routed.bearer("ann"), **forged})).json()["headers"]
        anybody = (await client.get("/v1/open", headers=forged)).json()["headers"]
    assert mine["x-user-id"] == "ann"
    assert not {"x-user-roles", "x-consumer-id"} & mine.keys()
    assert "x-user-id" not in anybody
    assert "8.8.8.8" not in anybody["x-forwarded-for"]


async def test_an_unknown_path_or_host_is_404_as_json(routed: RunningGateway) -> None:
    async with routed.client() as client:
        answers = [await client.get(path) for path in ("/", "/v1/openly", "/v2")]
        answers.append(await client.get("/v1/open", headers={"Host": "other.aurawellness.com"}))
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].json()["error"] == "not_found"
    assert answers[0].json()["trace_id"] == answers[0].headers["X-Trace-Id"]


@pytest.mark.parametrize("status", [401, 404, 429, 503])
async def test_a_refusal_is_as_the_api_documents_it(gateway: RunningGateway, upstreams: Upstreams, status: int) -> None:
    mine = objects.route("mine", "/v1/mine", plugins="user,token,limit")
    pods = [] if status == 503 else [objects.pod("one", upstreams.start("one"), UPSTREAM_PORT)]
    await gateway.apply(mine, *objects.plugins(per_minute=1), *pods)
    async with gateway.client() as client:
        path, headers = ("/v2" if status == 404 else "/v1/mine"), {} if status == 401 else gateway.bearer("ann")
        answers = [await client.get(path, headers=headers) for _ in range(2 if status == 429 else 1)]
    refusal = answers[-1]
    assert (refusal.status_code, refusal.headers["Content-Type"]) == (status, documented.JSON)
    Draft202012Validator(documented.SCHEMAS[documented.REFUSAL]).validate(refusal.json())
    found = {name for name in documented.HEADERS if name in refusal.headers}
    assert {"X-Trace-Id", *({"Retry-After", "RateLimit-Limit"} if status == 429 else ())} <= found
    for name in found:
        schema = documented.HEADERS[name]["schema"]
        value = refusal.headers[name]
        Draft202012Validator(schema).validate(int(value) if schema["type"] == "integer" else value)


async def test_one_host_has_one_name(routed: RunningGateway) -> None:
    host, port = objects.HOST, objects.PORT
    spellings = [host, f"{host}.", host.upper(), f"{host}:{port}", f"{host.title()}.:{port}", f"{host}:443", f"{host}:"]
    async with routed.client() as client:
        for spelling in spellings:
            answer = await client.get("/v1/open", headers={"Host": spelling, "X-Forwarded-Host": "other"})
            seen = answer.json()["headers"]
            assert (seen["x-forwarded-host"], seen["x-forwarded-port"]) == (host, str(port))
            assert seen["host"] == spelling.lower().replace(".:", ":").removesuffix(".")


async def test_a_name_that_is_like_it_is_another_host(routed: RunningGateway) -> None:
    host = objects.HOST
    others = [f"{host}..", f".{host}", f"{host}.evil.com", "aurawellness.com.", "[::1]:8443", "."]
    async with routed.client() as client:
        assert [(await client.get("/v1/open", headers={"Host": other})).status_code for other in others] == [404] * 6


async def test_a_path_is_normalised_before_it_is_matched(routed: RunningGateway) -> None:
    sent = b"GET /v1/open/%2e%2e//mine HTTP/1.1\r\nHost: " + objects.HOST.encode() + b"\r\nConnection: close\r\n\r\n"
    reader, writer = await asyncio.open_connection(
        routed.address, objects.PORT, ssl=routed.trust, server_hostname=objects.HOST
    )
    writer.write(sent)
    assert (await reader.read()).startswith(b"HTTP/1.1 401")
    writer.close()


async def test_a_trace_id_is_passed_on_or_made_and_always_returned(routed: RunningGateway) -> None:
    mine = "0af7651916cd43dd8448eb211c80319c"
    async with routed.client() as client:
        kept = await client.get("/v1/open", headers={"X-Trace-Id": mine})
        uuid = await client.get("/v1/open", headers={"X-Trace-Id": "0AF76519-16CD-43DD-8448-EB211C80319C"})
        made = await client.get("/v1/open")
        bad = [
            await client.get("/v1/open", headers={"X-Trace-Id": text}) for text in ('a"b', "0" * 32, "ab", mine + "0")
        ]
    assert kept.headers["X-Trace-Id"] == kept.json()["headers"]["x-trace-id"] == mine
    assert uuid.headers["X-Trace-Id"] == mine
    for answer in (made, *bad):
        assert TRACE.fullmatch(answer.headers["X-Trace-Id"])
        assert answer.headers["X-Trace-Id"] == answer.json()["headers"]["x-trace-id"]
    assert len({answer.headers["X-Trace-Id"] for answer in (made, *bad)}) == 5


async def test_tls_1_2_is_refused_and_h2_offered(routed: RunningGateway) -> None:
    routed.trust.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection(
        routed.address, objects.PORT, ssl=routed.trust, server_hostname=objects.HOST
    )
    spoken: ssl.SSLObject = writer.get_extra_info("ssl_object")
    assert (spoken.version(), spoken.selected_alpn_protocol()) == ("TLSv1.3", "h2")
    writer.close()
    routed.trust.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        await asyncio.open_connection(routed.address, objects.PORT, ssl=routed.trust, server_hostname=objects.HOST)


@pytest.mark.parametrize(("path", "status"), [("/v1/mine", b"401"), ("/nowhere", b"404")])
async def test_a_request_rejected_over_http_2_is_read_to_its_end_and_not_reset(
    routed: RunningGateway, path: str, status: bytes
) -> None:
    routed.trust.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection(
        routed.address, objects.PORT, ssl=routed.trust, server_hostname=objects.HOST
    )
    connection = H2Connection()
    connection.initiate_connection()
    head = {":method": "POST", ":scheme": "https", ":authority": objects.HOST, ":path": path}
    connection.send_headers(1, [*head.items(), ("content-length", "2")])
    writer.write(connection.data_to_send())
    connection.send_data(1, b"{}", end_stream=True)
    writer.write(connection.data_to_send())
    received, events = b"", list[Event]()
    async with asyncio.timeout(10):
        while not any(isinstance(event, StreamEnded) for event in events):
            received += (data := await reader.read(65536))
            events += connection.receive_data(data)
    with suppress(TimeoutError):  # a reset would come right behind the answer
        async with asyncio.timeout(0.2):
            received += await reader.read(65536)
    writer.close()
    (answer,) = (event for event in events if isinstance(event, ResponseReceived))
    assert dict(answer.headers)[b":status"] == status
    assert RST_STREAM not in list(frame_types(received))


def frame_types(received: bytes) -> Iterator[int]:
    """Types of HTTP/2 frames (RFC 9113, 4.1)."""
    while received:
        yield received[3]
        received = received[9 + int.from_bytes(received[:3], "big") :]


async def test_exactly_1000_requests_a_minute_of_a_user_pass(routed: RunningGateway) -> None:
    headers, window = routed.bearer("busy"), asyncio.Semaphore(20)
    async with routed.client() as client:

        async def one() -> tuple[int, str]:
            async with window:
                answer = await client.get("/v1/mine", headers=headers)
                return answer.status_code, answer.headers.get("Retry-After", "")

        outcomes = await asyncio.gather(*(one() for _ in range(1100)))
        other = await client.get("/v1/mine", headers=routed.bearer("calm"))
    assert Counter(status for status, _ in outcomes) == {200: 1000, 429: 100}
    assert all(0 < int(after) <= 60 for status, after in outcomes if status == 429)
    assert other.status_code == 200
    assert other.headers["RateLimit-Remaining"] == "999"


async def test_a_count_survives_a_reload(gateway: RunningGateway, upstreams: Upstreams) -> None:
    address = upstreams.start("one")
    items = (
        objects.route("mine", "/v1/mine", plugins="user,token,limit"),
        *objects.plugins(per_minute=3),
        objects.pod("one", address, UPSTREAM_PORT),
    )
    await gateway.apply(*items)
    async with gateway.client() as client:
        assert [(await client.get("/v1/mine", headers=gateway.bearer())).status_code for _ in range(3)] == [200] * 3
        await counters_are_shared(gateway)
        await gateway.apply(*items, objects.route("more", "/v1/more"))
        assert (await client.get("/v1/mine", headers=gateway.bearer())).status_code == 429


async def counters_are_shared(gateway: RunningGateway) -> None:
    """A worker hands over its counters once its own resync is finished or given up, ten seconds after the first start
    (PEERS_RESYNC_FINISHED in HAProxy's types/peers.h)."""
    async with asyncio.timeout(30):
        while True:
            reader, writer = await asyncio.open_unix_connection(str(gateway.proxy.haproxy.folder / "admin.sock"))
            writer.write(b"show peers\n")
            found = re.search(rb"id=gateway disabled=0 flags=0x([0-9a-f]+)", await reader.read())
            writer.close()
            if found and int(found[1], 16) & 3 == 3:
                return
            await asyncio.sleep(0.2)


async def test_no_ready_pod_is_503_as_json(gateway: RunningGateway) -> None:
    await gateway.apply(objects.route("open", "/v1/open"))
    async with gateway.client() as client:
        answer = await client.get("/v1/open")
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert answer.json()["trace_id"] == answer.headers["X-Trace-Id"]


async def test_the_access_log_is_json_with_the_trace_id(
    gateway: RunningGateway, upstreams: Upstreams, capfd: pytest.CaptureFixture[str]
) -> None:
    address = upstreams.start("one")
    mine = objects.route("mine", "/v1/mine", plugins="user,token")
    await gateway.apply(mine, *objects.plugins(), objects.pod("one", address, UPSTREAM_PORT))
    async with gateway.client() as client:
        answer = await client.get('/v1/mine/"\\é?secret=1', headers=gateway.bearer("ann"))
    lines: list[str] = []
    async with asyncio.timeout(10):
        while not lines:
            lines += [line for line in capfd.readouterr().out.splitlines() if answer.headers["X-Trace-Id"] in line]
            await asyncio.sleep(0.05)
    entry = json.loads(lines[0])
    assert entry["status"] == 200
    assert entry["user"] == "ann"
    assert (entry["method"], entry["host"], entry["backend"]) == ("GET", objects.HOST, "aura.mine.0")
    assert entry["path"].startswith("/v1/mine/") and "secret" not in lines[0]
