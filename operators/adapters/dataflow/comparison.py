"""Asks a candidate what its comparison with the running image has come to."""

from __future__ import annotations

import aiohttp
import msgspec

from contracts.comparison import COMPARISON_PATH, Comparison
from contracts.decoding import of_others
from operators.kubernetes.client import Client
from operators.kubernetes.kinds import POD

_TIMEOUT = aiohttp.ClientTimeout(total=2)
_decode = of_others(msgspec.json.Decoder(Comparison).decode)


async def comparison(client: Client, namespace: str, selector: dict[str, str], port: int) -> Comparison | None:
    """What the Pod with these labels answers; None while there is none that does."""
    for pod in await client.list(POD, namespace, selector):
        address = pod.get("status", {}).get("podIP")
        if not address or "deletionTimestamp" in pod["metadata"]:
            continue
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.get(f"http://{address}:{port}{COMPARISON_PATH}") as response,
            ):
                if response.status == 200:
                    return _decode(await response.read())
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
            continue
    return None
