"""gRPC inside the cluster: Introspect, CheckPermission, health (grpc.health.v1) and reflection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from contracts.subjects import subject_error
from services.auth.access import store as access
from services.auth.access.permissions import PERMISSION
from services.auth.service import Service
from services.auth.sessions import store as sessions
from services.kit import logs
from services.kit.auth_api import auth_pb2, auth_pb2_grpc
from services.kit.database import AWAY, reading
from services.kit.tokens import InvalidToken

log = logs.get(__name__)

NAME = auth_pb2.DESCRIPTOR.services_by_name["Auth"].full_name
MAX_MESSAGE_BYTES = 64 * 1024
DRAIN_SECONDS = 3.0
"""For open calls, after those by HTTP: together less than the Pod's terminationGracePeriodSeconds."""
_AWAY = "the database of the auth service is unavailable; repeat the call"


class Auth(auth_pb2_grpc.AuthServicer):
    def __init__(self, service: Service) -> None:
        self._service = service

    async def Introspect(
        self, request: auth_pb2.IntrospectRequest, context: grpc.aio.ServicerContext
    ) -> auth_pb2.IntrospectResponse:
        try:
            found = self._service.issuer.bearer(request.token)
        except InvalidToken as error:
            return auth_pb2.IntrospectResponse(reason=str(error))
        if found.session_id is not None:
            try:
                async with reading(self._service.pool) as connection:
                    is_open = await sessions.is_open(connection, found.session_id)
            except AWAY as error:
                await _away(context, error)
                raise
            if not is_open:
                return auth_pb2.IntrospectResponse(reason="the session of the token has ended")
        who = found.principal
        return auth_pb2.IntrospectResponse(
            active=True,
            subject=who.user,
            roles=sorted(who.roles),
            expires_at=int(who.expires),
            session_id=found.session_id or "",
        )

    async def CheckPermission(
        self, request: auth_pb2.CheckPermissionRequest, context: grpc.aio.ServicerContext
    ) -> auth_pb2.CheckPermissionResponse:
        if error := subject_error(request.subject):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, error)
        if not PERMISSION.fullmatch(request.permission):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a permission is words joined by dots")
        try:
            async with reading(self._service.pool) as connection:
                allowed = await access.has_permission(connection, request.subject, request.permission)
        except AWAY as error:
            await _away(context, error)
            raise
        return auth_pb2.CheckPermissionResponse(allowed=allowed)


@asynccontextmanager
async def serving(service: Service, address: str) -> AsyncIterator[int]:
    """Serves at `address` (host:port) until the block ends, then waits for open calls; gives the port."""
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)])
    auth_pb2_grpc.add_AuthServicer_to_server(Auth(service), server)
    state = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]  set at import
    health_pb2_grpc.add_HealthServicer_to_server(state, server)
    for name in ("", NAME):
        await state.set(name, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection((NAME, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    port = server.add_insecure_port(address)  # NetworkPolicies admit those that need `auth`, as for HTTP
    await server.start()
    try:
        yield port
    finally:
        await state.enter_graceful_shutdown()
        await server.stop(DRAIN_SECONDS)


async def _away(context: grpc.aio.ServicerContext, error: Exception) -> None:
    log.warning("dependency_unavailable", error=f"{type(error).__name__}: {error}".strip())
    await context.abort(grpc.StatusCode.UNAVAILABLE, _AWAY)
