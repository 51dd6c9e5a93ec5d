"""docs/compatibility.md says what the code does: what is done, what is refused and why, and what AWS refuses."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from moto.core.utils import get_service_model

from local.cloud.compatibility import reasons
from local.cloud.compatibility.page import page
from local.cloud.compatibility.rules import Row, of_moto, rows
from local.cloud.context import CloudContext
from local.cloud.service.base import Service
from local.cloud.svc import services
from local.site import CHECKOUT, Site

SERVICES = services(CloudContext(Site(Path("/nowhere"))))
NAMES = [service.name for service in SERVICES]


def test_the_document_is_as_the_code() -> None:
    stored = (CHECKOUT / "docs" / "compatibility.md").read_text()
    assert stored == page(), "run: python -m local.cloud.compatibility"


def always_refuses(method: Any) -> bool:
    """Whether a method, as it is written, ends with NotImplemented whatever it is asked."""
    body = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(method)))).body[0]
    last = body.body[-1] if isinstance(body, ast.FunctionDef) else body
    return isinstance(last, ast.Raise) and "unsupported(" in ast.unparse(last)


@pytest.mark.parametrize("service", SERVICES, ids=NAMES)
def test_what_is_always_refused_does_not_count_as_done(service: Service[Any]) -> None:
    names = list(get_service_model(service.name).operation_names)
    methods = {name: method for name in names if (method := getattr(service, xform_name(name), None))}
    assert methods
    assert not [name for name, method in methods.items() if always_refuses(method)], "mark them with always_refused"
    done = page().partition(f"## {service.name}: ")[2].partition("Done: ")[2].partition("\n\n")[0]
    marked = {name for name, method in methods.items() if hasattr(method, "refused")}
    assert set(re.findall(r"\w+", done)) == methods.keys() - marked


@pytest.mark.parametrize("service", SERVICES, ids=NAMES)
def test_every_refusal_has_a_reason_and_every_reason_a_refusal(service: Service[Any]) -> None:
    names = get_service_model(service.name).operation_names
    refused = [name for name in names if not hasattr(service, xform_name(name))]
    given = {reasons.why(service.name, name) for name in refused}
    assert given == {reason for _, reason in reasons.REASONS.get(service.name, ())}


@pytest.mark.parametrize("name", sorted({*NAMES} - {"eks-auth"}))
def test_every_rule_has_an_error_of_the_service_and_a_source(name: str) -> None:
    shapes = get_service_model(name).shape_names
    known = {"InvalidParameterValue", "InvalidParameterCombination", "InvalidParameterException", "ValidationException"}
    found = rows(name)
    assert found
    for row in found:
        assert row.rule and row.source, row
        assert row.error in known or {row.error, row.error + "Fault", row.error + "Exception"} & {*shapes}, row


def test_a_row_of_an_address_is_a_link() -> None:
    row = Row("Port", "InvalidParameterValue", "https://docs.aws.amazon.com/x/API_CreateDBInstance.html")
    assert str(row).endswith("| [API_CreateDBInstance](https://docs.aws.amazon.com/x/API_CreateDBInstance.html) |")


def test_every_table_of_motos_services_has_a_description() -> None:
    for about, operations in of_moto():
        assert len(about) > 20
        assert ": " in operations
