"""The region's configuration: what infra/ wrote into the ConfigMap `aura-platform` and the Secret of that name."""

from __future__ import annotations

import base64

from contracts.platform import PLATFORM_CONFIG
from operators.kubernetes.client import Client
from operators.kubernetes.kinds import CONFIG_MAP, SECRET


async def platform_configuration(client: Client, namespace: str) -> dict[str, str]:
    """The keys of both, and the Secret's value of one that both have; empty before infra/ has written them."""
    config = await client.get(CONFIG_MAP, namespace, PLATFORM_CONFIG) or {}
    secret = await client.get(SECRET, namespace, PLATFORM_CONFIG) or {}
    decoded = {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}
    return {**(config.get("data") or {}), **decoded}
