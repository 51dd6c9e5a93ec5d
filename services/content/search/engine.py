"""OpenSearch: the calls that the index needs.

People read the index of the alias `content`. Changes are written to every index of the alias `content-targets`: while
one is built anew, to both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

READS, TARGETS = "content", "content-targets"
_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
CONNECTIONS = 8
"""At most. A search waits for a free one, as for one of the database: a handshake costs a node more than a search does,
and of many at a time none would end before its timeout, nor leave a connection to those after them."""
_LIMITS = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=60)
_AUTO_CREATE = "action.auto_create_index"
_NOT_NOW = {401, 403, 404, 429}
"""Its user is not there yet, or the index, or too much is asked of it. Other refusals are errors of this service."""
_CONFLICT = 409
"""Of a document of which the index has a later version."""


class SearchUnavailable(Exception):
    """OpenSearch does not answer, is overloaded, or has no index yet."""


class Engine:
    def __init__(self, client: Mapping[str, Any]) -> None:
        """`client` is OpenSearchVariables.opensearch_client; without a URL nothing is there."""
        self._is_there = bool(client["base_url"])
        self._http = httpx.AsyncClient(**client, timeout=_TIMEOUT, limits=_LIMITS, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def search(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._call("POST", f"/{READS}/_search", body)

    async def indexes(self, alias: str) -> list[str]:
        """The indexes of an alias, none if it is not there."""
        return sorted(await self._call("GET", f"/_alias/{alias}", absent={}))

    async def create(self, index: str, body: Mapping[str, Any]) -> None:
        """An index that is written to, and not read yet. No write to one that is deleted makes another one."""
        await self._call("PUT", "/_cluster/settings", {"persistent": {_AUTO_CREATE: f"-{READS}-*,+*"}})
        await self._call("PUT", f"/{index}", {**body, "aliases": {TARGETS: {}}})

    async def delete(self, index: str) -> None:
        await self._call("DELETE", f"/{index}", absent={})

    async def unread(self) -> list[str]:
        """Indexes that nobody reads: what an interrupted build left, and the one before the present one."""
        found = await self._call("GET", f"/{READS}-*/_alias", absent={})
        return sorted(index for index, about in found.items() if READS not in about["aliases"])

    async def switch(self, index: str, before: Sequence[str]) -> None:
        """In one step `index` is what is read, and those of `before` are neither read nor written any more.

        They stay: a search that began before must end in the index where it began.
        """
        await self._call("POST", f"/{index}/_refresh")
        actions: list[dict[str, Any]] = [{"add": {"index": index, "alias": READS}}]
        actions += [{"remove": {"index": old, "aliases": [READS, TARGETS]}} for old in before]
        await self._call("POST", "/_aliases", {"actions": actions})

    async def write(
        self, indexes: Sequence[str], documents: Mapping[tuple[int, int], Mapping[str, Any]]
    ) -> dict[int, str]:
        """Documents by (id, version) into every index; an older version never takes the place of a later one.

        Returns, by id, why an index takes a document never, whoever sends it again; the others are written.
        """
        lines: list[str] = []
        for index in indexes:
            for (id, version), document in documents.items():
                place = {"_index": index, "_id": str(id), "version": version, "version_type": "external_gte"}
                lines += [json.dumps({"index": place}), json.dumps(document)]
        if not lines:
            return {}
        answer = await self._call("POST", "/_bulk", "\n".join([*lines, ""]))
        failed = [one["index"] for one in answer["items"] if one["index"]["status"] not in {200, 201, _CONFLICT}]
        gone = {one["_index"] for one in failed if one["status"] == httpx.codes.NOT_FOUND}
        refused = [one for one in failed if one["_index"] not in gone]
        if delayed := [one for one in refused if one["status"] != httpx.codes.BAD_REQUEST]:
            raise SearchUnavailable(f"OpenSearch refused {len(delayed)} documents: {delayed[0]['error']}")
        return {int(one["_id"]): f"{one['error']['type']}: {one['error']['reason']}" for one in refused}

    async def _call(self, method: str, path: str, body: Any = None, absent: Any = None) -> Any:
        """`absent` is the answer where OpenSearch says 404."""
        if not self._is_there:
            raise SearchUnavailable("this platform has no OpenSearch")
        content = body if isinstance(body, str) or body is None else json.dumps(body)
        headers = {"Content-Type": "application/x-ndjson" if isinstance(body, str) else "application/json"}
        try:
            answer = await self._http.request(method, path, content=content, headers=headers if content else None)
        except httpx.HTTPError as error:
            raise SearchUnavailable(f"OpenSearch does not answer: {type(error).__name__}") from error
        if answer.status_code == httpx.codes.NOT_FOUND and absent is not None:
            return absent
        if answer.is_server_error or answer.status_code in _NOT_NOW:
            raise SearchUnavailable(f"OpenSearch answers {answer.status_code}: {answer.text[:300]}")
        return answer.raise_for_status().json()
