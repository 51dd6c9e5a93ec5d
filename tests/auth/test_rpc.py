"""What other services ask over gRPC."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import grpc
import psycopg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from joserfc.jwk import ECKey

from services.auth.application import Running
from services.auth.settings import AuthSettings
from services.auth.tokens import issue
from services.kit.auth_api.auth_pb2 import CheckPermissionRequest, IntrospectRequest, IntrospectResponse
from services.kit.auth_api.auth_pb2_grpc import AuthStub
from tests.auth.app import App

pytestmark = pytest.mark.integration


@pytest.fixture
def channel(running: Running, settings: AuthSettings) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"{settings.host}:{running.grpc_port}") as channel:
        yield channel


@pytest.fixture
def auth(channel: grpc.Channel) -> AuthStub:
    return AuthStub(channel)


def test_introspection_knows_that_a_session_ended(app: App, auth: AuthStub) -> None:
    tokens = app.sign_in("introspected@example.com")
    request = IntrospectRequest(token=tokens["access_token"])
    found: IntrospectResponse = auth.Introspect(request)
    assert found.active
    assert found.reason == ""
    assert found.subject == app.bearer(tokens["access_token"]).principal.user
    assert 890 <= found.expires_at - time.time() <= 900
    app.http.post("/v1/auth/log-out", data={"token": tokens["refresh_token"]})
    assert auth.Introspect(request) == IntrospectResponse(reason="the session of the token has ended")


def test_introspection_of_tokens_that_are_not_good(auth: AuthStub, signing_key: ECKey) -> None:
    now = time.time()
    other = ECKey.generate_key("P-256", {"kid": str(signing_key.kid)})
    for token in ("", "a.b.c", issue("ada", [], other, now), issue("ada", [], signing_key, now, lifetime=-10)):
        found = auth.Introspect(IntrospectRequest(token=token))
        assert not found.active
        assert found.reason
        assert not found.subject
    assert auth.Introspect(IntrospectRequest(token=issue("ada", ["coach"], signing_key, now))).roles == ["coach"]


def test_permissions_are_those_of_the_roles_that_somebody_has_now(app: App, auth: AuthStub) -> None:
    def allowed(permission: str) -> bool:
        return auth.CheckPermission(CheckPermissionRequest(subject="rpc-ada", permission=permission)).allowed

    assert not allowed("content.items.write")
    with psycopg.connect(app.database_url, autocommit=True) as connection:
        connection.execute("insert into roles values ('rpc-editor', '{content.*}') on conflict do nothing")
        connection.execute("insert into subject_roles values ('rpc-ada', 'rpc-editor')")
        assert allowed("content.items.write")
        assert not allowed("auth.roles.read")
        connection.execute("delete from subject_roles where subject = 'rpc-ada'")
    assert not allowed("content.items.write")


@pytest.mark.parametrize(
    ("subject", "permission"), [("", "a.b"), ("a b", "a.b"), ("ada", ""), ("ada", "*"), ("ada", "A.b"), ("ada", "a..b")]
)
def test_questions_that_make_no_sense_are_invalid(auth: AuthStub, subject: str, permission: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        auth.CheckPermission(CheckPermissionRequest(subject=subject, permission=permission))
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_health_and_reflection(channel: grpc.Channel) -> None:
    health: Any = health_pb2_grpc.HealthStub(channel)
    for name in ("", "aura.auth.v1.Auth"):
        answer = health.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert "aura.auth.v1.Auth" in ProtoReflectionDescriptorDatabase(channel).get_services()
