"""Watches Certificates and ClusterIssuers of all namespaces and keeps the Secrets of the Certificates."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from local.certmanager import objects
from local.certmanager.objects import Object
from local.gateway.certificate import IssuedCertificate, ensure_ca, issue
from local.node.api import APPLY, MERGE, UNREACHABLE, Api, ApiError
from local.site import Site

log = structlog.stdlib.get_logger(__name__)
_GROUP = "/apis/cert-manager.io/v1"
_FIELD_MANAGER = "cert-manager"
_CHECK_SECONDS = 60.0
"""Interval at which Secrets are looked at although no Certificate changed: one may be deleted or about to expire."""
_RETRY_SECONDS = 1.0


class Controller:
    """Signs with the authority of `site`."""

    def __init__(self, api: Api, site: Site) -> None:
        self.api, self.site = api, site
        self._certificates: dict[str, Object] = {}
        self._issuers: dict[str, Object] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Runs until cancelled."""
        await asyncio.to_thread(ensure_ca, self.site)  # clients look for its certificate
        async with asyncio.TaskGroup() as tasks:
            for plural, known in (("clusterissuers", self._issuers), ("certificates", self._certificates)):
                synced = asyncio.Event()
                tasks.create_task(self.api.inform(f"{_GROUP}/{plural}", known, self._changed, synced))
                await synced.wait()
            while True:
                self._changed.clear()
                wait = _RETRY_SECONDS if await self._reconcile_all() else _CHECK_SECONDS
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()

    async def _reconcile_all(self) -> bool:
        """Whether something failed and is worth another attempt."""
        failed = False
        for known, reconcile in ((self._issuers, self._issuer), (self._certificates, self._certificate)):
            for item in list(known.values()):
                failed |= not await self._attempt(item, reconcile)
        return failed

    async def _attempt(self, item: Object, reconcile: Callable[[Object], Awaitable[None]]) -> bool:
        try:
            await reconcile(item)
        except (ApiError, *UNREACHABLE) as error:
            log.warning("not_reconciled", name=item["metadata"]["name"], error=str(error), retry_seconds=_RETRY_SECONDS)
            return False
        return True

    async def _issuer(self, issuer: Object) -> None:
        problem = objects.unsupported_issuer(issuer["spec"])
        status = objects.issuer_status(issuer, problem, datetime.now(UTC))
        await self._patch_status(f"{_GROUP}/clusterissuers", issuer, status)

    async def _certificate(self, certificate: Object) -> None:
        spec, namespace = certificate["spec"], certificate["metadata"]["namespace"]
        issuers = {one["metadata"]["name"]: one for one in self._issuers.values()}
        problem, content = objects.unsupported(spec), None
        if not problem and not objects.is_ready(issuers.get(spec["issuerRef"]["name"])):
            problem = f"the ClusterIssuer {spec['issuerRef']['name']} is not Ready"
        if not problem:
            content = await self._content(certificate)
        status = objects.certificate_status(certificate, content, problem, datetime.now(UTC))
        await self._patch_status(f"{_GROUP}/namespaces/{namespace}/certificates", certificate, status)

    async def _content(self, certificate: Object) -> IssuedCertificate:
        """The certificate in its Secret, which is written if it has to change."""
        spec, namespace = certificate["spec"], certificate["metadata"]["namespace"]
        path = f"/api/v1/namespaces/{namespace}/secrets/{spec['secretName']}"
        kept = objects.issued(await self._get(path))
        content = await asyncio.to_thread(issue, self.site, list(spec["dnsNames"]), kept)
        if content != kept:
            wanted = objects.secret(certificate, content)
            await self.api.patch(path, wanted, APPLY, fieldManager=_FIELD_MANAGER, force="true")
            log.info("issued", certificate=certificate["metadata"]["name"], hosts=spec["dnsNames"])
        return content

    async def _get(self, path: str) -> Object | None:
        try:
            return await self.api.get(path)
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    async def _patch_status(self, path: str, item: Object, status: Object) -> None:
        current = item.get("status") or {}
        if {key: current.get(key) for key in status} != status:
            await self.api.patch(f"{path}/{item['metadata']['name']}/status", {"status": status}, MERGE)
