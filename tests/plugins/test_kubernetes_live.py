"""The kubernetes plugin under the real Pulumi engine, on a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.cluster import Cluster
from tests.plugins.project import Project

pytestmark = pytest.mark.integration


@pytest.fixture
def project(cluster: Cluster, tmp_path: Path) -> Iterator[Project]:
    project = Project.make(tmp_path, cluster.site, {"KUBECONFIG": str(cluster.kubeconfig)})
    yield project
    project.run("destroy", "--yes", "--skip-preview")


MAP = """
    space = k8s.core.v1.Namespace("n", metadata={{"name": "plugin-map"}})
    k8s.core.v1.ConfigMap("c", metadata={{"name": {name!r}, "namespace": space.metadata.name}}, data={{"a": {a!r}}})
"""


def test_objects_are_created_changed_replaced_and_settled(project: Project, cluster: Cluster) -> None:
    assert "+ 3 created" in project.up(MAP.format(name="one", a="1"))
    assert project.is_settled()
    assert "~ 1 updated" in project.up(MAP.format(name="one", a="2 😀"))
    assert cluster.get("configmap", "one", "-n", "plugin-map")["data"] == {"a": "2 😀"}
    assert "+-1 replaced" in project.up(MAP.format(name="two", a="2 😀"))
    assert "NotFound" in cluster.kubectl("get", "configmap", "one", "-n", "plugin-map", check=False)
    assert project.is_settled()


def test_drift_is_reported_and_repaired_and_fields_of_others_are_left_alone(project: Project, cluster: Cluster) -> None:
    program = MAP.format(name="drift", a="1").replace("plugin-map", "plugin-drift")
    project.up(program)
    cluster.kubectl("patch", "configmap", "drift", "-n", "plugin-drift", "-p", '{"data": {"a": "9", "theirs": "x"}}')
    assert "~ 1 updated" in project.run("refresh", "--yes", "--skip-preview")
    project.up(program)
    assert cluster.get("configmap", "drift", "-n", "plugin-drift")["data"] == {"a": "1", "theirs": "x"}
    cluster.kubectl("delete", "configmap", "drift", "-n", "plugin-drift")
    assert "- 1 deleted" in project.run("refresh", "--yes", "--skip-preview")
    project.up(program)
    assert cluster.get("configmap", "drift", "-n", "plugin-drift")["data"] == {"a": "1"}


def test_a_secret_is_stored_but_never_shown(project: Project, cluster: Cluster) -> None:
    project.up('k8s.core.v1.Secret("s", metadata={"name": "plugin-secret"}, string_data={"key": "hush-hush"})')
    assert cluster.get("secret", "plugin-secret", "-n", "default")["data"] == {"key": "aHVzaC1odXNo"}
    state = "".join(str(resource) for resource in project.state())
    assert "hush-hush" not in state and "aHVzaC1odXNo" not in state
    assert project.is_settled()


def test_what_the_api_server_would_refuse_fails_at_preview(project: Project) -> None:
    output = project.refused("""
        k8s.apps.v1.Deployment("d", metadata={"name": "plugin-bad"}, spec={
            "replicas": -1, "selector": {"match_labels": {"app": "a"}},
            "template": {"metadata": {"labels": {"app": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
        })
    """)
    assert "spec.replicas" in output and "selector" in output


def test_a_definition_and_an_object_of_it_come_in_one_update(project: Project, cluster: Cluster) -> None:
    project.up("""
        spec = {"type": "object", "properties": {"n": {"type": "integer"}}}
        schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
        version = {"name": "v1", "served": True, "storage": True, "schema": schema}
        crd = k8s.apiextensions.v1.CustomResourceDefinition(
            "crd", metadata={"name": "moods.plugin.example"},
            spec={"group": "plugin.example", "scope": "Namespaced", "versions": [version],
                  "names": {"plural": "moods", "singular": "mood", "kind": "Mood"}},
        )
        k8s.apiextensions.CustomResource(
            "calm", api_version="plugin.example/v1", kind="Mood", spec={"n": 1},
            metadata={"name": "calm", "namespace": "default"}, opts=pulumi.ResourceOptions(depends_on=[crd]),
        )
    """)
    assert cluster.get("mood", "calm", "-n", "default")["spec"] == {"n": 1}
    assert project.is_settled()


def test_what_is_in_no_state_is_applied_again_and_is_the_same_object(project: Project, cluster: Cluster) -> None:
    """As after an update that was killed between the API server's answer and Pulumi's state."""
    program = MAP.format(name="killed", a="1").replace("plugin-map", "plugin-killed")
    project.up(program)
    before = cluster.get("configmap", "killed", "-n", "plugin-killed")["metadata"]["uid"]
    (urn,) = (resource["urn"] for resource in project.state() if resource["type"] == "kubernetes:core/v1:ConfigMap")
    project.run("state", "delete", urn, "--yes")
    assert "+ 1 created" in project.up(program)
    assert cluster.get("configmap", "killed", "-n", "plugin-killed")["metadata"]["uid"] == before
    assert project.is_settled()


RELEASE = """
    k8s.helm.v3.Release(
        "r", name="barman", chart="plugin-barman-cloud", version={version!r}, namespace="plugin-release",
        create_namespace=True, values={values!r},
        repository_opts={{"repo": "https://cloudnative-pg.github.io/charts"}},
    )
"""


def test_a_release_is_its_stand_in_and_is_installed_again_when_a_part_is_gone(
    project: Project, cluster: Cluster
) -> None:
    program = RELEASE.format(version="0.7.0", values={"crds": {"create": True}})
    assert "on this machine: definitions only" in project.up(program)
    assert cluster.get("crd", "objectstores.barmancloud.cnpg.io")["spec"]["group"] == "barmancloud.cnpg.io"
    assert cluster.get("namespace", "plugin-release")["status"]["phase"] == "Active"
    assert project.is_settled()
    cluster.kubectl("delete", "namespace", "plugin-release")
    assert "- 1 deleted" in project.run("refresh", "--yes", "--skip-preview")
    assert "+ 1 created" in project.up(program)
    assert cluster.get("namespace", "plugin-release")["status"]["phase"] == "Active"


def test_a_release_that_the_stand_in_would_not_be_fails_at_preview(project: Project) -> None:
    output = project.refused(RELEASE.format(version="0.6.0", values={"certificate": {"duration": "1h"}}))
    assert "is for its version 0.7.0, not for 0.6.0" in output
    output = project.refused(RELEASE.format(version="0.7.0", values={"certificate": {"duration": "1h"}}))
    assert "values.certificate.duration" in output and "does not honour this value" in output


def test_objects_of_a_file_are_children_of_the_component(project: Project, cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "objects.yaml"
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plugin-file-%s, namespace: default}\ndata: {a: b}\n"
    file.write_text("---\n".join(text % name for name in ("one", "two")))
    program = f'k8s.yaml.v2.ConfigFile("f", file={str(file)!r})'
    assert "+ 4 created" in project.up(program)
    assert cluster.get("configmap", "plugin-file-two", "-n", "default")["data"] == {"a": "b"}
    assert project.is_settled()
    other = "https://example.com/install.yaml"
    assert f"{other} is not fetched" in project.refused(f'k8s.yaml.v2.ConfigFile("f", file="{other}")')


def test_a_value_that_is_secret_elsewhere_stays_one_in_a_config_map(project: Project) -> None:
    project.up("""
        k8s.core.v1.ConfigMap("c", metadata={"name": "plugin-hidden"}, data={"a": pulumi.Output.secret("hush-hush")})
    """)
    assert "hush-hush" not in "".join(str(resource) for resource in project.state())
    assert project.is_settled()
