"""The WSGI application of an edge location, and its certificates by the name that a viewer asks for."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from local.cloud.context import CloudContext
from local.cloud.edge import origins, signed
from local.engines.certificates import Pair
from local.site import REGIONS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Edge:
    def __init__(self, context: CloudContext) -> None:
        self._context = context

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def certificate(self, host: str) -> Pair | None:
        """For a name of a distribution; None for any other."""
        if origins.distribution(host) is None:
            return None
        return self._context.authority.pair(f"edge-{host}", host, hosts=(host,))

    def _answer(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return _error(403, "InvalidMethod", "This distribution is not configured to allow the HTTP request method")
        path, _, query = str(request.environ.get("RAW_URI") or request.full_path).partition("?")
        host = request.host.partition(":")[0]
        distribution = origins.distribution(host)
        if distribution is None:
            return _error(403, "InvalidHost", "No distribution has this name")
        keys = origins.trusted_keys(distribution)
        try:
            if keys is not None:
                viewed = signed.viewed(host, path, query, request.remote_addr or "", request.cookies)
                signed.admit(viewed, keys, time.time())
        except signed.Refused as refused:
            return _error(403, refused.code, refused.message)
        loss = self._context.loss
        answer = origins.fetch(
            distribution, request.path.lstrip("/"), [region for region in REGIONS if loss.lost(region)]
        )
        if answer.object is None:
            return _error(answer.status, "AccessDenied", "Access Denied")
        response = Response(answer.object.content, content_type=answer.object.content_type)
        response.headers["ETag"] = answer.object.etag
        response.headers["Accept-Ranges"] = "bytes"
        return response.make_conditional(
            request.environ, accept_ranges=True, complete_length=len(answer.object.content)
        )


def by_name(edge: Edge, context: ssl.SSLContext) -> None:
    """Has `context` show the certificate of the distribution whose name the viewer gives."""

    def choose(socket: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        if name and (pair := edge.certificate(name)):
            chosen = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            chosen.minimum_version = ssl.TLSVersion.TLSv1_3
            chosen.load_cert_chain(pair.certificate, pair.key)
            socket.context = chosen

    context.sni_callback = choose


def _error(status: int, code: str, message: str) -> Response:
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
    )
    return Response(body, status, content_type="text/xml")
