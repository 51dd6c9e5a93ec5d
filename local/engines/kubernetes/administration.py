"""Requests to a cluster's API server as its administrator."""

from __future__ import annotations

import http.client
import json
import ssl
from functools import cached_property
from typing import Any

from local.engines.kubernetes.control_plane import PORT, ControlPlane

APPLY = "application/apply-patch+yaml"
"""Content type of a server-side apply; JSON is YAML."""
_TIMEOUT_SECONDS = 5


class Administrator:
    """Blocks for at most a few seconds a request: call it without a lock."""

    def __init__(self, cluster: ControlPlane) -> None:
        self.cluster = cluster

    def call(self, method: str, path: str, body: object = None, content: str = "") -> tuple[int, dict[str, Any]]:
        """Status and answer of the API server; status 0 without an answer.

        `content` is the content type of `body`: by default a strategic merge patch for PATCH, else JSON.
        """
        if not self.cluster.authority.certificate.exists():
            return 0, {}
        default = "application/strategic-merge-patch+json" if method == "PATCH" else "application/json"
        connection = http.client.HTTPSConnection(
            self.cluster.address, PORT, timeout=_TIMEOUT_SECONDS, context=self._trust
        )
        try:
            connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": content or default})
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            connection.close()

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        pair = self.cluster.administrator
        trust = ssl.create_default_context(cafile=str(self.cluster.authority.certificate))
        trust.load_cert_chain(pair.certificate, pair.key)
        return trust
