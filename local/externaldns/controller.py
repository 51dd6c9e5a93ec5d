"""Watches HTTPRoutes, Gateways and Services, and keeps the records of their hosts."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from local.externaldns.hosts import Hosts, of_load_balancers, of_routes, within
from local.externaldns.records import changes, related, zone_of
from local.node.api import Api, Object

log = structlog.stdlib.get_logger(__name__)
_GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
_SOURCES = (f"{_GATEWAY_API}/httproutes", f"{_GATEWAY_API}/gateways", "/api/v1/services")
_INTERVAL_SECONDS = 60.0
"""At which records are compared although no object changed."""
_RETRY_SECONDS = 2.0
_BETWEEN_SECONDS = 0.5
"""Objects change in bursts."""


@dataclass(frozen=True)
class Scope:
    """Hosts of `domains` only; `owner` is who these records are marked with."""

    domains: tuple[str, ...]
    owner: str


class Controller:
    """`route53` is boto3's client."""

    def __init__(self, api: Api, route53: Any, scope: Scope) -> None:
        self._api, self._route53, self._scope = api, route53, scope
        self._known: list[dict[str, Object]] = [{} for _ in _SOURCES]
        self._changed = asyncio.Event()
        self._of_others: dict[str, set[str]] = {}
        """By zone, as last logged."""

    async def run(self) -> None:
        """Runs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for path, known in zip(_SOURCES, self._known, strict=True):
                synced = asyncio.Event()
                tasks.create_task(self._api.inform(path, known, self._changed, synced))
                await synced.wait()
            while True:
                self._changed.clear()
                wait = _INTERVAL_SECONDS if await self._reconcile() else _RETRY_SECONDS
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
                await asyncio.sleep(_BETWEEN_SECONDS)

    async def _reconcile(self) -> bool:
        """Whether all records are as they should be."""
        routes, gateways, services = (list(known.values()) for known in self._known)
        hosts = {**of_routes(routes, gateways), **of_load_balancers(services)}
        try:
            return await asyncio.to_thread(self._write, within(hosts, self._scope.domains))
        except (BotoCoreError, ClientError) as error:
            log.warning("records_not_read", error=str(error), retry_seconds=_RETRY_SECONDS)
            return False

    def _write(self, hosts: Hosts) -> bool:
        """Whether every host has been written."""
        zones, whole = self._zones(), True
        for zone in zones.values():
            pages = self._route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
            records = [one for page in pages for one in page["ResourceRecordSets"]]
            here = {host: at for host, at in hosts.items() if zone_of(host, zones) == zone}
            found = changes(records, here, self._scope.owner)
            if set(found.of_others) != self._of_others.get(zone, set()):
                self._of_others[zone] = set(found.of_others)
                log.warning("records_of_others", hosts=found.of_others, effect="they are left alone")
            for batch in found.batches:
                whole &= self._carry_out(zone, batch)
        return whole

    def _carry_out(self, zone: str, batch: list[dict[str, Any]]) -> bool:
        first = batch[0]["ResourceRecordSet"]
        try:
            self._route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})
        except (BotoCoreError, ClientError) as error:
            log.warning("record_not_changed", host=first["Name"], error=str(error), retry_seconds=_RETRY_SECONDS)
            return False
        log.info("record_changed", host=first["Name"], action=batch[0]["Action"])
        return True

    def _zones(self) -> dict[str, str]:
        """Ids of the zones that a domain is in, or that are in one, by name."""
        pages = self._route53.get_paginator("list_hosted_zones").paginate()
        found = {zone["Name"]: zone["Id"] for page in pages for zone in page["HostedZones"]}
        return {name: id for name, id in found.items() if related(name, self._scope.domains)}
