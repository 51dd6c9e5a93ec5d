"""DNS over UDP and TCP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from dnslib import QTYPE, RCODE, RR, DNSRecord

from local.dns.evaluation import Answer, Line

log = logging.getLogger(__name__)

Ask = Callable[[str, str, str], Answer]
"""(name, type, address of the client) -> answer."""
_UDP_BYTES = 512
"""Of an answer over UDP to a client that names no other size."""
_TCP_BYTES = 65535
"""Of an answer over TCP, whose length is sent before it in two bytes."""
_TCP_IDLE_SECONDS = 10.0


def respond(message: bytes, client: str, ask: Ask, limit: int) -> bytes | None:
    """The answer, of at most `limit` bytes unless the client allows more; None to what is no question.

    A record that cannot be packed is SERVFAIL for who asks for it. Never raises.
    """
    request = _request(message)
    if request is None or request.header.qr or not request.questions:
        return None
    try:
        return _answer(request, client, ask, limit)
    except Exception as error:  # of dnslib, which raises whatever a value leads it to
        log.error("%s cannot be answered to %s: %s: %s", request.q, client, type(error).__name__, error)
        reply = request.reply()
        reply.header.rcode = RCODE.SERVFAIL
        return bytes(reply.pack())


def _request(message: bytes) -> DNSRecord | None:
    try:
        return DNSRecord.parse(message)
    except Exception:  # anybody may send anything
        return None


def _answer(request: DNSRecord, client: str, ask: Ask, limit: int) -> bytes:
    question = request.questions[0]
    answer = ask(str(question.qname), str(QTYPE.get(question.qtype, "")), client)
    reply = request.reply(ra=0, aa=int(bool(answer.zone)))
    reply.header.rcode = int(answer.code)
    for line in answer.lines:
        reply.add_answer(_record(line))
    packed = bytes(reply.pack())
    allowed = max((record.edns_len for record in request.ar if record.rtype == QTYPE.OPT), default=limit)
    return packed if len(packed) <= max(limit, allowed) else bytes(reply.truncate().pack())


def _record(line: Line) -> RR:
    (record,) = RR.fromZone(f"{line.name} {line.ttl} IN {line.type} {line.value}")
    return record


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = respond(data, addr[0], self.ask, _UDP_BYTES)
        if answer is not None and self.transport is not None:
            self.transport.sendto(answer, addr)


async def listen(host: str, port: int, ask: Ask) -> None:
    """Serves until it is cancelled. Raises OSError when the address is in use."""
    loop = asyncio.get_running_loop()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client: str = writer.get_extra_info("peername")[0]
        with suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            while True:
                async with asyncio.timeout(_TCP_IDLE_SECONDS):
                    size = int.from_bytes(await reader.readexactly(2))
                    answer = respond(await reader.readexactly(size), client, ask, _TCP_BYTES)
                if answer is None:
                    break
                writer.write(len(answer).to_bytes(2) + answer)
                await writer.drain()
        writer.close()

    transport, _ = await loop.create_datagram_endpoint(lambda: Datagrams(ask), local_addr=(host, port))
    try:
        async with await asyncio.start_server(connected, host, port) as server:
            await server.serve_forever()
    finally:
        transport.close()
