"""The region's state, as the region service says, for as long as that holds."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import aiohttp
import msgspec

from contracts.platform import PLATFORM_CONFIG, WITNESS_BUCKET
from contracts.region_state import REGION_PATH, REGION_SERVICE, RegionState, decode
from operators.adapters.standing import ALONE, Standing
from operators.kubernetes.client import ApiError, Client, Unreachable
from operators.kubernetes.kinds import CONFIG_MAP, SERVICE
from operators.kubernetes.services import address

ASK_SECONDS = 2.0
FENCED_RESYNC_SECONDS = 10.0
"""How often all resources are reconciled while the region is fenced: what could not be fenced then is tried again."""
_TIMEOUT = aiohttp.ClientTimeout(total=2)
_log = logging.getLogger(__name__)


class RegionWatch:
    """A region may write only while it is known to be active, if its stack has a passive one at all."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client, self._namespace = client, namespace
        self._leased: bool | None = None
        """None before the platform's configuration was read; a stack that has a witness once keeps it."""
        self._said = Standing(RegionState.FENCED, "the region's state is not known yet")
        self._holds_until = 0.0

    def standing(self) -> Standing:
        if self._leased is False:
            return ALONE
        if self._said.writes and _elapsed() >= self._holds_until:
            return Standing(RegionState.FENCED, "the region service has not said for too long that this region serves")
        return self._said

    async def watch(self, changed: Callable[[], None]) -> None:
        """`changed` is called when the state is another one, and now and then while the region is fenced."""
        before, told = self.standing().state, _elapsed()
        while True:
            await asyncio.sleep(ASK_SECONDS)
            await self.ask()
            now = self.standing()
            again = now.state is RegionState.FENCED and _elapsed() - told >= FENCED_RESYNC_SECONDS
            if now.state is not before or again:
                if now.state is not before:
                    _log.warning("the region is %s: %s", now.state, now.reason or "it holds the lease")
                before, told = now.state, _elapsed()
                changed()

    async def ask(self) -> None:
        sent = _elapsed()
        try:
            if not self._leased:
                config = await self._client.get(CONFIG_MAP, self._namespace, PLATFORM_CONFIG) or {}
                self._leased = bool((config.get("data") or {}).get(WITNESS_BUCKET))
            if not self._leased:
                return
            service = await self._client.get(SERVICE, self._namespace, REGION_SERVICE)
            where = address(service) if service else None
            if where is None:
                raise LookupError(f"there is no Service {REGION_SERVICE} yet")
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.get(f"http://{where}{REGION_PATH}") as response,
            ):
                response.raise_for_status()
                report = decode(await response.read())
        except (ApiError, Unreachable, LookupError, aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
            if not self._said.writes:  # otherwise it holds until its end
                self._said = Standing(
                    RegionState.FENCED, f"the region's state can't be asked for: {error or 'no answer'}"
                )
            return
        self._said = Standing(report.state, report.reason)
        self._holds_until = sent + (report.remaining_s or 0.0)


def _elapsed() -> float:
    """Without steps, and running on while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
