"""Environment variables of containers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.node.pod.environment import (
    MissingReference,
    NoText,
    Reference,
    Sources,
    environment_variables,
    expand,
    references,
)

POD: dict[str, Any] = {
    "metadata": {"name": "web-1", "namespace": "aura", "uid": "u", "labels": {"app": "web"}},
    "spec": {"nodeName": "node-1"},
}
ADDRESSES = {"status.podIP": "127.10.16.2", "status.hostIP": "127.10.16.1"}


def _service(name: str, namespace: str = "aura", **port: Any) -> dict[str, Any]:
    ports = [{"name": "http", "port": 8080, **port}]
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": "127.10.96.7", "ports": ports},
    }


def _variables(container: dict[str, Any], sources: Sources | None = None, **spec: Any) -> dict[str, str]:
    pod = POD | {"spec": POD["spec"] | spec}
    return environment_variables(
        pod, container, ADDRESSES, sources or Sources(), {"KUBERNETES_SERVICE_HOST": "127.10.0.10"}
    )


def test_services_of_the_namespace_have_variables_and_others_do_not() -> None:
    sources = Sources(services=[_service("time-series"), _service("far", "elsewhere")])
    result = _variables({}, sources)
    assert result["TIME_SERIES_SERVICE_HOST"] == "127.10.96.7"
    assert result["TIME_SERIES_SERVICE_PORT_HTTP"] == "8080"
    assert not any(name.startswith("FAR_") for name in result)


def test_service_links_can_be_turned_off_but_the_api_server_stays() -> None:
    result = _variables({}, Sources(services=[_service("web")]), enableServiceLinks=False)
    assert result == {"KUBERNETES_SERVICE_HOST": "127.10.0.10"}


def test_env_overrides_envfrom_and_later_sources_earlier_ones() -> None:
    first, second = Reference("configmaps", "a"), Reference("secrets", "b")
    sources = Sources({first: {"X": b"1", "Y": b"1"}, second: {"Y": b"2", "Z": b"2"}})
    container = {
        "envFrom": [{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}],
        "env": [
            {"name": "Z", "value": "3$(X)"},
            {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        ],
    }
    result = _variables(container, sources)
    assert {name: result[name] for name in "XYZ"} == {"X": "1", "Y": "2", "Z": "31"}
    assert result["NODE"] == "node-1"
    assert references(container) == {first, second}


def test_a_missing_object_or_key_is_an_error_with_its_name() -> None:
    reference = Reference("secrets", "s")
    container = {"env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}
    with pytest.raises(MissingReference, match='secret "s" not found'):
        _variables(container, Sources({reference: None}))
    with pytest.raises(MissingReference, match="couldn't find key k in secret s"):
        _variables(container, Sources({reference: {}}))


@pytest.mark.parametrize(
    ("value", "why"), [(b"a\0b", "P contains the character NUL"), (b"\xff", "P is not text in UTF-8")]
)
@pytest.mark.parametrize(
    "container",
    [
        {"env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "s", "key": "P"}}}]},
        {"envFrom": [{"secretRef": {"name": "s"}}]},
    ],
    ids=["env", "envFrom"],
)
def test_a_value_that_no_process_can_be_given_is_an_error_with_the_name_of_its_variable(
    container: dict[str, Any], value: bytes, why: str
) -> None:
    with pytest.raises(NoText, match=f"variable {why}"):
        _variables(container, Sources({Reference("secrets", "s"): {"P": value}}))


def test_a_plain_value_with_nul_is_an_error_too() -> None:
    with pytest.raises(NoText, match="variable P"):
        _variables({"env": [{"name": "P", "value": "a\0b"}]})


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "1"),
        ("$(A)$(A)-$(B)", "11-$(B)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A ${A} $", "$A ${A} $"),
        ("$(A", "$(A"),
    ],
)
def test_expansion(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1"}) == expanded


@given(st.text())
def test_a_text_with_its_dollars_doubled_expands_to_itself(text: str) -> None:
    assert expand(text.replace("$", "$$"), {"A": "1"}) == text
