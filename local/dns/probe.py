"""One probe of an endpoint, as Route 53's health checkers make it.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from local.dns.model import HealthCheck

_CONNECT_SECONDS, _TCP_SECONDS, _ANSWER_SECONDS = 4.0, 10.0, 2.0
_AGENT = "Amazon-Route53-Health-Check-Service"
_SEARCHED = 5120
"""Bytes of a body in which the string must be."""


@dataclass(frozen=True)
class Result:
    """`status` in the words of GetHealthCheckStatus."""

    passed: bool
    status: str


async def probe(check: HealthCheck, address: str) -> Result:
    """Connects to `address`, the resolved one, and asks. Never raises."""
    try:
        async with asyncio.timeout(_TCP_SECONDS if check.type == "TCP" else _CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(address, check.port, **_tls(check))
    except (OSError, TimeoutError, ValueError, OverflowError) as error:  # the last two of a host or port that cannot be
        return _failure(f"The connection to {address}:{check.port} could not be opened: {_reason(error)}")
    try:
        if check.type == "TCP":
            return Result(True, f"Success: TCP connection to {address}:{check.port} was opened")
        return await _asked(check, address, reader, writer)
    except (OSError, TimeoutError, EOFError, ValueError) as error:
        return _failure(f"{address}:{check.port} did not answer in time: {_reason(error)}")
    finally:
        writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await writer.wait_closed()


async def _asked(
    check: HealthCheck, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Result:
    lines = (
        f"GET {check.path} HTTP/1.1",
        f"Host: {check.host or address}",
        f"User-Agent: {_AGENT}",
        "Connection: close",
    )
    writer.write("\r\n".join((*lines, "", "")).encode())
    async with asyncio.timeout(_ANSWER_SECONDS):
        _, code, *_ = (await reader.readline()).split() or (b"", b"0")
        status = int(code)
        if not 200 <= status < 400:
            return _failure(f"HTTP Status Code: {status}. Resolved IP: {address}")
        if check.search:
            body = await _body(reader)
            if check.search.encode() not in body:
                return _failure(f"HTTP Status Code: {status}, but the string was not found. Resolved IP: {address}")
    return Result(True, f"Success: HTTP Status Code: {status}. Resolved IP: {address}. OK")


async def _body(reader: asyncio.StreamReader) -> bytes:
    await reader.readuntil(b"\r\n\r\n")
    body = b""
    while len(body) < _SEARCHED and (more := await reader.read(_SEARCHED - len(body))):
        body += more
    return body


def _tls(check: HealthCheck) -> dict[str, Any]:
    """Health checkers verify no certificate, and speak TLS up to 1.2 (Route 53 API Reference, HealthCheckConfig)."""
    if not check.type.startswith("HTTPS"):
        return {}
    context = ssl.create_default_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return {"ssl": context, "server_hostname": check.host if check.sni else ""}


def _failure(message: str) -> Result:
    return Result(False, f"Failure: {message}")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
