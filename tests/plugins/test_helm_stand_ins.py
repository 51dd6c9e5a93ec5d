"""Helm charts: their stand-ins on this machine, what these honour and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from infra.components.charts import CHARTS, Chart, ControllersConfig, Facts
from local.plugins.kubernetes.helm.catalog import STAND_INS, find, refusal
from local.plugins.kubernetes.helm.releases import Releases
from local.plugins.kubernetes.helm.stand_in import filled, leaves
from local.plugins.provider.base import Resource
from local.plugins.provider.values import UNKNOWN

FACTS = Facts("aura-us-west-2", "us-west-2", "aurawellness.com", ControllersConfig(gateway_port=8443, gateways=1))
RESOURCE = Resource("urn", "kubernetes:helm.sh/v3:Release", "r")


def release(of: Chart, **changes: Any) -> dict[str, Any]:
    return {
        "name": of.release,
        "chart": of.chart,
        "version": of.version,
        "repositoryOpts": {"repo": of.repository},
        "namespace": of.namespace,
        "values": dict(of.values(FACTS)),
        **changes,
    }


def refused(inputs: dict[str, Any]) -> dict[str, str]:
    _, failures = Releases(None).check(RESOURCE, {}, inputs, lambda: "generated")
    return {failure.property: failure.reason for failure in failures}


KONG = next(chart for chart in CHARTS if chart.release == "kong")


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.release)
def test_every_chart_of_the_program_has_a_stand_in_that_honours_its_values(chart: Chart) -> None:
    assert refused(release(chart)) == {}


def test_every_stand_in_is_of_a_chart_of_the_program() -> None:
    assert {(one.chart, one.version) for one in STAND_INS} == {(one.chart, one.version) for one in CHARTS}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chart": "istiod"}, "no stand-in on this machine, which has those of"),
        ({"version": "0.23.0"}, "for its version 0.24.0, not for 0.23.0"),
        ({"version": None}, "not for the newest"),
        ({"repositoryOpts": {"repo": "https://charts.example"}}, "not in https://charts.example"),
        ({"repositoryOpts": None}, "not in no repository"),
    ],
)
def test_a_chart_without_a_stand_in_is_refused(changes: dict[str, Any], words: str) -> None:
    assert words in refused(release(KONG, **changes))["chart"]


@pytest.mark.parametrize(
    ("values", "property", "words"),
    [
        ({"gateway": {"env": {"ssl_cipher_suite": "intermediate"}}}, "gateway.env.ssl_cipher_suite", "'modern'"),
        ({"gateway": {"replicaCount": 3}}, "gateway.replicaCount", "serves only 1, not 3"),
        ({"gateway": {"env": {"plugins": "bundled,acme"}}}, "gateway.env.plugins", "does not honour"),
        ({"gateway": {"proxy": {"typo": "x"}}}, "gateway.proxy.typo", "does not honour"),
        ({"gateway": {"proxy": {"types": "x"}}}, "gateway.proxy.types", "does not honour"),
    ],
)
def test_a_value_that_the_stand_in_would_ignore_is_refused(values: dict[str, Any], property: str, words: str) -> None:
    failures = refused(release(KONG, values=values))
    assert failures.keys() == {f"values.{property}"}
    assert words in failures[f"values.{property}"]


def test_a_value_that_is_not_known_yet_and_one_without_meaning_here_are_taken() -> None:
    proxy = {"annotations": {"service.beta.kubernetes.io/x": "y"}, "tls": {"servicePort": UNKNOWN}}
    assert refused(release(KONG, values={"gateway": {"proxy": proxy}})) == {}


def test_an_input_that_the_plugin_does_not_serve_is_refused() -> None:
    assert refused(release(KONG, postrender="sed")) == {"postrender": "is not served on this machine"}


def test_a_placeholder_becomes_the_value_with_its_type_and_text_within_text() -> None:
    values = {"release": {"name": "kong"}, "port": 8443, "of": {"list": [{"a": 1}]}}
    template = {"name": "${release.name}-gateway", "port": "${port}", "rest": ["${of.list}", 1]}
    assert filled(template, values) == {"name": "kong-gateway", "port": 8443, "rest": [[{"a": 1}], 1]}
    with pytest.raises(KeyError, match=r"release\.absent"):
        filled({"a": "${release.absent}"}, values)


def test_leaves_are_all_that_is_no_mapping_and_empty_ones() -> None:
    assert leaves({"a": {"b": 1, "c": {}}, "d": [{"e": 1}]}) == [("a.b", 1), ("a.c", {}), ("d", [{"e": 1}])]


def test_the_refusal_names_what_there_is() -> None:
    assert find("ingress", "0.24.0", "https://charts.konghq.com") is not None
    assert "cert-manager" in refusal("istiod", "1", "")
