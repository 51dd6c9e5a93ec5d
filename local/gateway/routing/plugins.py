"""KongPlugins to what a route demands of a request; what is not implemented here is refused with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from contracts.gateway import SUBJECT_TO_HEADER, USER_HEADER
from local.gateway.objects import KongPlugin

TRACE_HEADER = "X-Trace-Id"


@dataclass(frozen=True)
class Policy:
    """Before a request reaches the Service: a valid token, and not more than `per_minute` requests (0: any number) that
    have the same value of the header `counted_by`, or come from the same address where that is empty or missing."""

    token: bool = False
    subject_header: bool = False
    """The token's subject is handed on in USER_HEADER."""
    per_minute: int = 0
    counted_by: str = ""


class Unsupported(ValueError):
    """A plugin, or a setting of one, that this gateway does not implement."""


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Absent = Annotated[None, BeforeValidator(lambda value: value or None)]
"""A list or text that must be empty."""


class _Jwt(_Config):
    key_claim_name: Literal["iss", "kid"] = "iss"
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
    """Where Kong's instances share their count; here one process counts."""
    fault_tolerant: bool = True
    hide_client_headers: Literal[False] = False
    error_code: Literal[429] = 429

    @model_validator(mode="after")
    def _names_its_header(self) -> _RateLimiting:
        if self.limit_by == "header" and not self.header_name:
            raise ValueError("limit_by: header needs header_name")
        return self


class _PreFunction(_Config):
    access: list[str] = []


class _CorrelationId(_Config):
    header_name: Literal["X-Trace-Id"]
    generator: Literal["uuid"] = "uuid"
    echo_downstream: Literal[True]


def policy(plugins: Iterable[KongPlugin]) -> Policy:
    """What these plugins together demand; raises Unsupported."""
    result, header = Policy(), False
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
                    counted_by = limit.header_name if limit.limit_by == "header" else ""
                    result = replace(result, per_minute=limit.minute, counted_by=counted_by)
                case "pre-function":
                    _only_known(_PreFunction.model_validate(plugin.config))
                    header = True
                case "correlation-id":
                    _CorrelationId.model_validate(plugin.config)  # every request gets one in any case
                case other:
                    raise Unsupported(f"KongPlugin {plugin.key[1]}: the plugin {other} is not implemented here")
        except ValidationError as error:
            raise Unsupported(f"KongPlugin {plugin.key[1]} ({plugin.plugin}): {described(error)}") from error
    if result.counted_by.lower() == USER_HEADER.lower() and not (header and result.token):
        raise Unsupported(f"rate-limiting counts by {USER_HEADER}, which only jwt and the pre-function together set")
    return replace(result, subject_header=header)


def described(error: ValidationError) -> str:
    """The members at fault and what is wrong with each."""
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())


def _only_known(config: _PreFunction) -> None:
    for text in config.access:
        if text.strip() != SUBJECT_TO_HEADER.strip():
            raise Unsupported("pre-function: Lua is not run here; only contracts.gateway.SUBJECT_TO_HEADER is known")
