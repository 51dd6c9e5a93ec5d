"""The supported fields of an `ObjectStore` of the Barman Cloud plugin (barmancloud.cnpg.io/v1). Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

Object = dict[str, Any]
API_VERSION = "barmancloud.cnpg.io/v1"
PLUGIN = "barman-cloud.cloudnative-pg.io"
_DAYS = {"d": 1, "w": 7, "m": 30}
_ENVIRONMENT = {
    "access_key_id": "AWS_ACCESS_KEY_ID",
    "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "session_token": "AWS_SESSION_TOKEN",
    "region": "AWS_REGION",
}


class _Model(BaseModel):
    """A field that is not implemented here is an error that names it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class _Key(_Model):
    name: str
    key: str


class _Credentials(_Model):
    inherit_from_iam_role: bool = Field(False, alias="inheritFromIAMRole")
    access_key_id: _Key | None = None
    secret_access_key: _Key | None = None
    session_token: _Key | None = None
    region: _Key | None = None


class _Wal(_Model):
    compression: Literal["gzip"]
    max_parallel: int = 1


class _Data(_Model):
    compression: Literal["gzip"]
    immediate_checkpoint: bool = False
    jobs: int = 2


class _Configuration(_Model):
    destination_path: str = Field(pattern="^s3://[^/]+(/.*)?$")
    endpoint_url: str = Field("", alias="endpointURL")
    s3_credentials: _Credentials
    wal: _Wal
    data: _Data


class Store(_Model):
    """`spec` of an ObjectStore."""

    configuration: _Configuration
    retention_policy: str = Field("", pattern="^([1-9][0-9]*[dwm])?$")

    @property
    def retention(self) -> timedelta | None:
        """Any moment of so long must stay restorable; None: every backup is kept."""
        policy = self.retention_policy
        return timedelta(days=int(policy[:-1]) * _DAYS[policy[-1]]) if policy else None

    def environment(self, region: str) -> list[Object]:
        """Variables of the container that uses the store."""
        configuration = self.configuration
        references = [
            (_ENVIRONMENT[name], value) for name, value in configuration.s3_credentials if name in _ENVIRONMENT
        ]
        variables: dict[str, Object] = {"AWS_REGION": {"value": region}}
        variables |= {
            name: {"valueFrom": {"secretKeyRef": reference.model_dump()}} for name, reference in references if reference
        }
        endpoint: Object = {"value": configuration.endpoint_url}
        if not configuration.endpoint_url:
            platform = {"name": "aura-platform", "key": "AWS_ENDPOINT_URL", "optional": True}
            endpoint = {"valueFrom": {"configMapKeyRef": platform}}
        variables |= {"AWS_ENDPOINT_URL": endpoint, "DESTINATION": {"value": configuration.destination_path}}
        return [{"name": name, **value} for name, value in variables.items()]


def parse(item: Object) -> Store | str:
    """The store, or why it cannot be used here."""
    try:
        store = Store.model_validate(item["spec"])
    except ValidationError as error:
        details = (f"{'.'.join(map(str, found['loc']))}: {_message(found)}" for found in error.errors())
        return f"ObjectStore {item['metadata']['name']}: {'; '.join(details)}"
    credentials = store.configuration.s3_credentials
    if not credentials.inherit_from_iam_role and not (credentials.access_key_id and credentials.secret_access_key):
        return f"ObjectStore {item['metadata']['name']}: s3Credentials has neither inheritFromIAMRole nor access keys"
    return store


def _message(found: Any) -> str:
    return "is not supported on this machine" if found["type"] == "extra_forbidden" else found["msg"]
