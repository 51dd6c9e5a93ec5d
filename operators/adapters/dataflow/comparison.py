"""Asks a candidate what its comparison with the running image has come to."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from contracts.comparison import COMPARISON_PATH, Comparison
from contracts.decoding import of_others
from operators.adapters.dataflow.pods import addresses, get
from operators.kubernetes.client import Client

_decode = of_others(msgspec.json.Decoder(Comparison).decode)


async def comparison(client: Client, namespace: str, selector: Mapping[str, str], port: int) -> Comparison | None:
    """What the Pod with these labels answers; None while there is none that does."""
    for address in await addresses(client, namespace, selector):
        answer = await get(address, port, COMPARISON_PATH)
        if answer is not None and answer[0] == 200:
            try:
                return _decode(answer[1])
            except msgspec.DecodeError:  # something else listens there
                continue
    return None
