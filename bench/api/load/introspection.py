"""Introspect over gRPC, each caller with a connection of its own."""

from __future__ import annotations

from dataclasses import dataclass

import grpc

from bench.api.load.calls import Introspection, WrongAnswer
from services.kit.auth_api.auth_pb2 import IntrospectRequest
from services.kit.auth_api.auth_pb2_grpc import AuthStub

_OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]


@dataclass(frozen=True)
class IntrospectCaller:
    channel: grpc.aio.Channel
    stub: AuthStub
    request: IntrospectRequest
    subject: str

    async def call(self) -> None:
        """One question; raises WrongAnswer unless the token is active and its subject is told."""
        try:
            answer = await self.stub.Introspect(self.request)
        except grpc.aio.AioRpcError as error:
            raise WrongAnswer(f"{error.code().name} {error.details()}") from error
        if not answer.active or answer.subject != self.subject:
            raise WrongAnswer(f"of {self.subject}: {answer.reason or answer.subject}")

    async def close(self) -> None:
        await self.channel.close()


async def connect(calls: Introspection) -> list[IntrospectCaller]:
    host, port = calls.address
    callers: list[IntrospectCaller] = []
    for token, subject in calls.tokens:
        channel = grpc.aio.insecure_channel(f"{host}:{port}", _OWN_CONNECTION)
        await channel.channel_ready()
        callers.append(IntrospectCaller(channel, AuthStub(channel), IntrospectRequest(token=token), subject))
    return callers
