"""The door as clients see it: a real HAProxy before a real service."""

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

from tests.gateway import objects
from tests.gateway.conftest import UPSTREAM_PORT, Front, Upstreams

pytestmark = pytest.mark.integration
RST_STREAM = 3
TRACE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
async def door(front: Front, upstreams: Upstreams) -> Front:
    """/v1/open for everybody, /v1/mine with a token and 1000 requests a minute."""
    address = upstreams.start("one")
    await front.apply(
        objects.route("open", "/v1/open"),
        objects.route("mine", "/v1/mine", plugins="user,token,limit"),
        *objects.plugins(),
        objects.pod("one", address, UPSTREAM_PORT),
    )
    return front


async def test_a_request_reaches_the_service_with_who_sent_it(door: Front) -> None:
    async with door.client() as client:
        answer = await client.post("/v1/mine/x?y=1", content="hello", headers=door.bearer("ann"))
    seen = answer.json()
    assert answer.status_code == 200
    assert (seen["path"], seen["body"]) == ("/v1/mine/x?y=1", "hello")
    assert seen["headers"]["x-user-id"] == "ann"
    assert seen["headers"]["x-forwarded-proto"] == "https"


async def test_what_a_client_says_about_itself_is_overwritten(door: Front) -> None:
    forged = {"X-User-Id": "root", "X-User-Roles": "admin", "X-Forwarded-For": "8.8.8.8", "X-Consumer-Id": "1"}
    async with door.client() as client:
        mine = (await client.get("/v1/mine", headers={**door.bearer("ann"), **forged})).json()["headers"]
        anybody = (await client.get("/v1/open", headers=forged)).json()["headers"]
    assert mine["x-user-id"] == "ann"
    assert not {"x-user-roles", "x-consumer-id"} & mine.keys()
    assert "x-user-id" not in anybody
    assert "8.8.8.8" not in anybody["x-forwarded-for"]


async def test_an_unknown_path_or_host_is_404_as_json(door: Front) -> None:
    async with door.client() as client:
        answers = [await client.get(path) for path in ("/", "/v1/openly", "/v2")]
        answers.append(await client.get("/v1/open", headers={"Host": "other.aurawellness.com"}))
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].json()["error"] == "not_found"
    assert answers[0].json()["trace_id"] == answers[0].headers["X-Trace-Id"]


async def test_a_path_that_climbs_is_judged_by_where_it_leads(door: Front) -> None:
    sent = b"GET /v1/open/%2e%2e//mine HTTP/1.1\r\nHost: " + objects.HOST.encode() + b"\r\nConnection: close\r\n\r\n"
    reader, writer = await asyncio.open_connection(
        door.address, objects.PORT, ssl=door.trust, server_hostname=objects.HOST
    )
    writer.write(sent)
    assert (await reader.read()).startswith(b"HTTP/1.1 401")
    writer.close()


async def test_a_trace_id_is_passed_on_or_made_and_always_returned(door: Front) -> None:
    mine = "0af7651916cd43dd8448eb211c80319c"
    async with door.client() as client:
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


async def test_tls_1_2_is_refused_and_h2_offered(door: Front) -> None:
    door.trust.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection(door.address, objects.PORT, ssl=door.trust, server_hostname=objects.HOST)
    spoken: ssl.SSLObject = writer.get_extra_info("ssl_object")
    assert (spoken.version(), spoken.selected_alpn_protocol()) == ("TLSv1.3", "h2")
    writer.close()
    door.trust.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        await asyncio.open_connection(door.address, objects.PORT, ssl=door.trust, server_hostname=objects.HOST)


@pytest.mark.parametrize(("path", "status"), [("/v1/mine", b"401"), ("/nowhere", b"404")])
async def test_who_is_refused_over_http_2_is_heard_out_and_not_reset(door: Front, path: str, status: bytes) -> None:
    door.trust.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection(
        door.address, objects.PORT, ssl=door.trust, server_hostname=objects.HOST
    )
    connection = H2Connection()
    connection.initiate_connection()
    head = {":method": "POST", ":scheme": "https", ":authority": objects.HOST, ":path": path}
    connection.send_headers(1, [*head.items(), ("content-length", "2")])
    writer.write(connection.data_to_send())
    connection.send_data(1, b"{}", end_stream=True)
    writer.write(connection.data_to_send())
    said, seen = b"", list[Event]()
    async with asyncio.timeout(10):
        while not any(isinstance(event, StreamEnded) for event in seen):
            said += (data := await reader.read(65536))
            seen += connection.receive_data(data)
    with suppress(TimeoutError):  # a reset would come right behind the answer
        async with asyncio.timeout(0.2):
            said += await reader.read(65536)
    writer.close()
    (answer,) = (event for event in seen if isinstance(event, ResponseReceived))
    assert dict(answer.headers)[b":status"] == status
    assert RST_STREAM not in list(frame_types(said))


def frame_types(said: bytes) -> Iterator[int]:
    """Types of HTTP/2 frames (RFC 9113, 4.1)."""
    while said:
        yield said[3]
        said = said[9 + int.from_bytes(said[:3], "big") :]


async def test_of_a_users_requests_exactly_1000_a_minute_pass(door: Front) -> None:
    headers, window = door.bearer("busy"), asyncio.Semaphore(20)
    async with door.client() as client:

        async def one() -> tuple[int, str]:
            async with window:
                answer = await client.get("/v1/mine", headers=headers)
                return answer.status_code, answer.headers.get("Retry-After", "")

        outcomes = await asyncio.gather(*(one() for _ in range(1100)))
        other = await client.get("/v1/mine", headers=door.bearer("calm"))
    assert Counter(status for status, _ in outcomes) == {200: 1000, 429: 100}
    assert all(0 < int(after) <= 60 for status, after in outcomes if status == 429)
    assert other.status_code == 200
    assert other.headers["RateLimit-Remaining"] == "999"


async def test_a_count_survives_a_reload(front: Front, upstreams: Upstreams) -> None:
    address = upstreams.start("one")
    items = (
        objects.route("mine", "/v1/mine", plugins="user,token,limit"),
        *objects.plugins(per_minute=3),
        objects.pod("one", address, UPSTREAM_PORT),
    )
    await front.apply(*items)
    async with front.client() as client:
        assert [(await client.get("/v1/mine", headers=front.bearer())).status_code for _ in range(3)] == [200] * 3
        await counters_are_shared(front)
        await front.apply(*items, objects.route("more", "/v1/more"))
        assert (await client.get("/v1/mine", headers=front.bearer())).status_code == 429


async def counters_are_shared(front: Front) -> None:
    """A process hands its counters on once it has stopped looking for a predecessor's, ten seconds after the first
    start (PEERS_RESYNC_FINISHED in HAProxy's types/peers.h)."""
    async with asyncio.timeout(30):
        while True:
            reader, writer = await asyncio.open_unix_connection(str(front.proxy.haproxy.folder / "admin.sock"))
            writer.write(b"show peers\n")
            found = re.search(rb"id=gateway disabled=0 flags=0x([0-9a-f]+)", await reader.read())
            writer.close()
            if found and int(found[1], 16) & 3 == 3:
                return
            await asyncio.sleep(0.2)


async def test_no_ready_pod_is_503_as_json(front: Front) -> None:
    await front.apply(objects.route("open", "/v1/open"))
    async with front.client() as client:
        answer = await client.get("/v1/open")
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert answer.json()["trace_id"] == answer.headers["X-Trace-Id"]


async def test_the_access_log_is_json_with_the_trace_id(
    front: Front, upstreams: Upstreams, capfd: pytest.CaptureFixture[str]
) -> None:
    address = upstreams.start("one")
    mine = objects.route("mine", "/v1/mine", plugins="user,token")
    await front.apply(mine, *objects.plugins(), objects.pod("one", address, UPSTREAM_PORT))
    async with front.client() as client:
        answer = await client.get('/v1/mine/"\\é?secret=1', headers=front.bearer("ann"))
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
