"""DNS over UDP and TCP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from dnslib import QTYPE, RCODE, RR, DNSError, DNSRecord

from local.dns.evaluation import Answer, Line

log = logging.getLogger(__name__)

Ask = Callable[[str, str, str], Answer]
"""(name, type, address of the client) -> answer."""
_UDP_BYTES = 512
"""Of an answer over UDP to a client that names no other size."""
_TCP_IDLE_SECONDS = 10.0


def respond(message: bytes, client: str, ask: Ask, limit: int | None) -> bytes | None:
    """The answer, of at most `limit` bytes unless the client allows more; None to what is no question."""
    try:
        request = DNSRecord.parse(message)
    except (DNSError, ValueError, IndexError):
        return None
    if request.header.qr or not request.questions:
        return None
    question = request.questions[0]
    answer = ask(str(question.qname), str(QTYPE.get(question.qtype, "")), client)
    reply = request.reply(ra=0, aa=int(bool(answer.zone)))
    reply.header.rcode = int(answer.code)
    for line in answer.lines:
        reply.add_answer(_record(line))
    packed = bytes(reply.pack())
    if limit is None:
        return packed
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
        answer = _safely(data, addr[0], self.ask, _UDP_BYTES)
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
                    answer = _safely(await reader.readexactly(size), client, ask, None)
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


def _safely(message: bytes, client: str, ask: Ask, limit: int | None) -> bytes | None:
    """A record that cannot be packed is SERVFAIL for who asks for it, and stops nothing."""
    try:
        return respond(message, client, ask, limit)
    except Exception:
        log.exception("a question of %s could not be answered", client)
        reply = DNSRecord.parse(message).reply()
        reply.header.rcode = RCODE.SERVFAIL
        return bytes(reply.pack())
