"""Requests of moto's REST services without S3: each is routed to its own operation, or to none, which is refused."""

from __future__ import annotations

import importlib
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.session import get_session
from moto.core.request import Request
from moto.core.utils import get_service_model
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from local.cloud.http.calls import routed
from local.cloud.moto_backends.admitted import ADMITTED

SESSION = get_session()
NAMES = {each: re.sub("[^a-z0-9]", "", each) for each in SESSION.get_available_services()}
REST = sorted(
    name
    for name, package in NAMES.items()
    if package in ADMITTED and name != "s3" and get_service_model(name).metadata["protocol"].startswith("rest-")
)
PUBLIC = ("get_rest_api_without_id", "get_api_without_id")
"""moto's handlers of a path with nothing where an id would be, which name no resource."""


def request_of(model: Any) -> Request:
    """With what is required in the path, the query and the headers."""
    path, _, query = re.sub(r"\{[^}]+\}", "x1", model.http["requestUri"]).partition("?")
    shape = model.input_shape
    headers: dict[str, str] = {}
    for name in shape.required_members if shape else ():
        where = shape.members[name].serialization
        if where.get("location") == "querystring":
            query += f"&{urlencode({where['name']: 'x1'})}"
        elif where.get("location") == "header":
            headers[where["name"]] = "x1"
    builder = EnvironBuilder(method=model.http["method"], path=path, query_string=query, headers=Headers(headers))
    return Request(builder.get_environ())


@pytest.mark.parametrize("service", REST)
def test_a_request_is_routed_to_its_own_operation(service: str) -> None:
    model = SESSION.get_service_model(service)
    of = {name: model.operation_model(name).http for name in model.operation_names}
    found = {name: routed(service, request_of(model.operation_model(name))) for name in of}
    another = {name: other for name, other in found.items() if other != name and of.get(other) != of[name]}
    assert not {name: other for name, other in another.items() if other}


@pytest.mark.parametrize("service", REST)
def test_moto_carries_out_the_operation_that_is_routed(service: str) -> None:
    """By its method of the same name, or NotImplementedError when it has none: no handler looks at the path itself."""
    handlers = importlib.import_module(f"moto.{NAMES[service]}.urls").url_paths.values()
    assert {handler.__name__ for handler in handlers} - {*PUBLIC} == {"dispatch"}
