"""KongPlugins compiled to the policy of a route; unsupported plugins and settings raise an error."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from contracts.gateway import SUBJECT_TO_HEADER, USER_HEADER
from local.gateway.objects import KongPlugin, NamespacedName, Secret

TRACE_HEADER = "X-Trace-Id"


@dataclass(frozen=True)
class Cors:
    """Pages of these origins may send these methods and headers, and read these headers of the responses."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    exposed_headers: tuple[str, ...]
    max_age: int


@dataclass(frozen=True)
class Policy:
    """What a request must pass: a valid token, and at most `per_minute` requests (0: no limit) with the same value of
    the header `limit_by_header`. Requests without that header, or all if it is "", are counted by source address."""

    token: bool = False
    subject_header: bool = False
    """The token's subject is forwarded in USER_HEADER."""
    per_minute: int = 0
    limit_by_header: str = ""
    cors: Cors | None = None
    max_body: int = 0
    """Bytes of a request's body; 0: any number."""
    response_headers: tuple[tuple[str, str], ...] = ()
    """Added to a response that does not have them."""


class UnsupportedPlugin(ValueError):
    """A plugin or a setting of one that this gateway does not implement."""


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Absent = Annotated[None, BeforeValidator(lambda value: value or None)]
"""A list or string that must be empty."""


class _Jwt(_Config):
    key_claim_name: Literal["kid"]
    """Kong's own default is iss."""
    claims_to_verify: list[Literal["exp", "nbf"]] = []
    """Both are always verified here."""
    header_names: list[Literal["authorization", "Authorization"]] = ["authorization"]
    run_on_preflight: bool = True
    secret_is_base64: Literal[False] = False
    uri_param_names: _Absent = None
    cookie_names: _Absent = None


class _RateLimiting(_Config):
    minute: PositiveInt
    limit_by: Literal["header", "ip"]
    header_name: Annotated[str, Field(pattern=r"^([A-Za-z][A-Za-z0-9-]*)?$")] = ""
    policy: Literal["local", "redis"] = "local"
    redis: dict[str, object] = {}
    """Where Kong's instances share their counters; here one process counts."""
    fault_tolerant: bool = True
    hide_client_headers: Literal[False] = False
    error_code: Literal[429] = 429

    @model_validator(mode="after")
    def _require_header_name(self) -> _RateLimiting:
        if self.limit_by == "header" and not self.header_name:
            raise ValueError("limit_by: header needs header_name")
        return self


class _PreFunction(_Config):
    access: list[str] = []


class _CorrelationId(_Config):
    header_name: Literal["X-Trace-Id"]
    generator: Literal["uuid"] = "uuid"
    echo_downstream: Literal[True]


_Origin = Annotated[str, Field(pattern=r"^https?://[a-z0-9.-]+(:[0-9]+)?$")]
_Header = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]


class _Cors(_Config):
    origins: Annotated[tuple[_Origin, ...], Field(min_length=1)]
    """Never "*": each is compared as a whole."""
    methods: tuple[Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], ...]
    headers: tuple[_Header, ...]
    exposed_headers: tuple[_Header, ...] = ()
    max_age: PositiveInt
    credentials: Literal[False] = False
    preflight_continue: Literal[False] = False


class _RequestSizeLimiting(_Config):
    allowed_payload_size: PositiveInt
    size_unit: Literal["bytes"]
    """Kong's own default is megabytes, of 1,000,000 bytes or 2^20 by its version."""
    require_content_length: Literal[False] = False


def _name_and_value(text: object) -> object:
    """What Kong takes as a header: `name:value`, divided at the first colon."""
    name, colon, value = str(text).partition(":")
    return (name, value) if colon else text


_AddedHeader = Annotated[
    tuple[_Header, Annotated[str, Field(pattern=r"^[!-~][ -~]*$")]], BeforeValidator(_name_and_value)
]


class _Added(_Config):
    headers: tuple[_AddedHeader, ...]


class _ResponseTransformer(_Config):
    add: _Added


def compile_policy(plugins: Iterable[KongPlugin]) -> Policy:
    """The policy of all these plugins together; raises UnsupportedPlugin."""
    result, subject_header = Policy(), False
    for plugin in plugins:
        if plugin.disabled:
            continue
        try:
            match plugin.plugin:
                case "jwt":
                    _Jwt.model_validate(plugin.config)
                    result = replace(result, token=True)
                case "rate-limiting":
                    limit = _RateLimiting.model_validate(plugin.config)
                    limit_by_header = limit.header_name if limit.limit_by == "header" else ""
                    result = replace(result, per_minute=limit.minute, limit_by_header=limit_by_header)
                case "pre-function":
                    _check_lua(_PreFunction.model_validate(plugin.config))
                    subject_header = True
                case "correlation-id":
                    _CorrelationId.model_validate(plugin.config)  # every request gets one anyway
                case "cors":
                    cors = _Cors.model_validate(plugin.config)
                    result = replace(
                        result,
                        cors=Cors(cors.origins, cors.methods, cors.headers, cors.exposed_headers, cors.max_age),
                    )
                case "request-size-limiting":
                    size = _RequestSizeLimiting.model_validate(plugin.config)
                    result = replace(result, max_body=size.allowed_payload_size)
                case "response-transformer":
                    added = _ResponseTransformer.model_validate(plugin.config).add
                    result = replace(result, response_headers=added.headers)
                case other:
                    raise UnsupportedPlugin(f"KongPlugin {plugin.key[1]}: the plugin {other} is not implemented here")
        except ValidationError as error:
            raise UnsupportedPlugin(f"KongPlugin {plugin.key[1]} ({plugin.plugin}): {describe(error)}") from error
    if result.limit_by_header.lower() == USER_HEADER.lower() and not (subject_header and result.token):
        raise UnsupportedPlugin(
            f"rate-limiting by {USER_HEADER} requires the plugins jwt and pre-function, which set it"
        )
    return replace(result, subject_header=subject_header)


def configured(plugin: KongPlugin, secrets: Mapping[NamespacedName, Secret]) -> KongPlugin:
    """The plugin with its configuration, wherever that is; raises UnsupportedPlugin, which never quotes a Secret.

    That there is not one beside the other is a rule of Kong's KongPlugin. Of a disabled plugin no Secret is read.
    """
    if plugin.config_from is not None and "config" in plugin.model_fields_set:
        raise UnsupportedPlugin(f"KongPlugin {plugin.key[1]}: using both config and configFrom is not allowed")
    if plugin.config_from is None or plugin.disabled:
        return plugin
    source = plugin.config_from.secret_key_ref
    secret, where = secrets.get((plugin.key[0], source.name)), f"KongPlugin {plugin.key[1]}: Secret {source.name}"
    if secret is None or source.key not in secret.data:
        raise UnsupportedPlugin(f"{where} does not exist or has no key {source.key}")
    try:
        config = json.loads(base64.b64decode(secret.data[source.key]))
    except ValueError:
        config = None
    if not isinstance(config, dict):
        raise UnsupportedPlugin(f"{where}: {source.key} is no JSON object")
    return plugin.model_copy(update={"config": config, "config_from": None})


def describe(error: ValidationError) -> str:
    """Each invalid field with its error."""
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())


def _check_lua(config: _PreFunction) -> None:
    for text in config.access:
        if text.strip() != SUBJECT_TO_HEADER.strip():
            raise UnsupportedPlugin(
                "pre-function: the only Lua that is supported is contracts.gateway.SUBJECT_TO_HEADER"
            )
