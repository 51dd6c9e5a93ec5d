"""What a Pod on the process node is given: variables, Secrets, mounts and claims."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.node.conftest import Pods
from tests.node.manifests import POD_IP, container, pod, shell

pytestmark = pytest.mark.integration


def test_a_secret_with_nul_is_no_variable_but_a_file(pods: Pods) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "odd"}, "data": {"P": "YQBi"}}
    env = [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "odd", "key": "P"}}}]
    mounts = [{"name": "odd", "mountPath": "/odd"}]
    volumes = [{"name": "odd", "secret": {"secretName": "odd"}}]
    pods.run(
        secret,
        pod("variable", shell("exec sleep 1000", env=env)),
        pod("argument", container(command=["/bin/sh", "-c", "exit", "a\0b"])),
        pod("file", shell("od -c /odd/P; exec sleep 1000", volumeMounts=mounts), volumes=volumes),
    )

    def waiting(name: str) -> dict[str, Any]:
        return pods.container(name).get("state", {}).get("waiting", {})

    for name, what in (("variable", "variable P"), ("argument", "argument 3")):
        pods.cluster.until(lambda name=name: waiting(name).get("reason") == "CreateContainerConfigError")
        assert f"{what} contains the character NUL" in waiting(name)["message"]
    pods.until_ready("file")
    pods.cluster.until(lambda: "a  \\0   b" in pods.logs("file"))
    assert "internal error" not in pods.cluster.kubectl("events", "-n", pods.namespace)


def test_every_kind_of_variable(pods: Pods) -> None:
    pods.run(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"A": "1"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"P": "hidden"}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "time-series"},
            "spec": {"ports": [{"port": 5432}]},
        },
    )
    env = [
        POD_IP,
        {"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "A"}}},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "P"}}},
        {"name": "MISSING", "valueFrom": {"secretKeyRef": {"name": "s", "key": "none", "optional": True}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "requests.cpu", "divisor": "1m"}}},
        {"name": "JOINED", "value": "$(PASSWORD)@$(TIME_SERIES_SERVICE_HOST):$(TIME_SERIES_SERVICE_PORT)$$(X)"},
    ]
    sources = [{"configMapRef": {"name": "c"}, "prefix": "FROM_"}, {"secretRef": {"name": "no", "optional": True}}]
    resources = {"requests": {"cpu": "250m"}}
    pods.run(
        pod(
            "vars",
            shell(
                "env; echo arg=$0; exec sleep 1000", args=["$(JOINED)"], env=env, envFrom=sources, resources=resources
            ),
        )
    )
    printed = dict(line.split("=", 1) for line in pods.until_logged("vars", "^arg=.*\n").splitlines())
    address = pods.cluster.get("service", "time-series", "-n", pods.namespace)["spec"]["clusterIP"]
    expected = {"KEY": "1", "FROM_A": "1", "PASSWORD": "hidden", "CPU": "250", "HOSTNAME": "vars"}
    expected |= {"JOINED": f"hidden@{address}:5432$(X)", "arg": f"hidden@{address}:5432$(X)"}
    assert {name: printed.get(name) for name in expected} == expected
    assert printed["POD_IP"] == pods.status("vars")["podIP"]
    assert "MISSING" not in printed


def test_a_container_waits_for_a_missing_secret(pods: Pods) -> None:
    env = [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "late", "key": "p"}}}]
    pods.run(pod("patient", shell("echo got $P; exec sleep 1000", env=env)))
    pods.cluster.until(
        lambda: (
            pods.container("patient").get("state", {}).get("waiting", {}).get("reason") == "CreateContainerConfigError"
        )
    )
    pods.run({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "late"}, "stringData": {"p": "it"}})
    pods.until_logged("patient", "got it")


def test_mounts_appear_at_paths_that_the_machine_does_not_have(pods: Pods) -> None:
    pods.run(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a.yaml": "x: 1"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "hidden"}},
    )
    mounts = [
        {"name": "c", "mountPath": "/etc/aura-tests"},
        {"name": "c", "mountPath": "/aura-tests/one.yaml", "subPath": "a.yaml"},
        {"name": "s", "mountPath": "/aura-tests/secret", "readOnly": True},
        {"name": "e", "mountPath": "/var/lib/aura-tests"},
    ]
    volumes = [
        {"name": "c", "configMap": {"name": "c"}},
        {"name": "s", "secret": {"secretName": "s"}},
        {"name": "e", "emptyDir": {}},
    ]
    read = "cat /etc/aura-tests/a.yaml /aura-tests/one.yaml /aura-tests/secret/key /var/lib/aura-tests/left"
    write = shell("echo by-init > /var/lib/aura-tests/left", "init", volumeMounts=mounts)
    main = shell(f"{read}; echo x > /aura-tests/secret/key || echo refused; exec sleep 1000", volumeMounts=mounts)
    pods.run(pod("mounts", main, initContainers=[write], volumes=volumes))
    pods.until_ready("mounts")
    assert pods.exec("mounts", "sh", "-c", read) == "x: 1x: 1hiddenby-init\n"
    pods.until_logged("mounts", "refused")
    assert not any(os.path.lexists(path) for path in ("/aura-tests", "/etc/aura-tests", "/var/lib/aura-tests"))
