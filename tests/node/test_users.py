"""Containers run as the user that they ask for, with the groups that volumes are given to."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.node.conftest import Pods
from tests.node.manifests import container, pod, shell, storage_class, volume_claim

pytestmark = pytest.mark.integration
as_root = pytest.mark.skipif(os.getuid() != 0, reason="the node can change users only as root")

_WHO = "id -u; id -g; id -G; grep NoNewPrivs /proc/self/status; python -c 'import local.site, pydantic' && echo imports"


@as_root
def test_processes_have_the_user_and_groups_of_the_security_context(pods: Pods) -> None:
    context = {"runAsUser": 4242, "runAsGroup": 4343, "fsGroup": 4444, "supplementalGroups": [4545]}
    main = shell(
        f"{_WHO}; echo said >> /dev/stdout; exec sleep 1000", securityContext={"allowPrivilegeEscalation": False}
    )
    pods.run(pod("user", main, securityContext=context))
    pods.until_ready("user")
    expected = ["4242", "4343", "4343 4444 4545", "NoNewPrivs:\t1", "imports"]
    pods.cluster.until(lambda: "said" in pods.logs("user"))
    groups = pods.logs("user").splitlines()
    assert [*groups[:2], " ".join(sorted(groups[2].split())), *groups[3:5]] == expected
    executed = pods.exec("user", "sh", "-c", _WHO).splitlines()
    assert [*executed[:2], " ".join(sorted(executed[2].split())), *executed[3:5]] == expected


@as_root
def test_a_volume_is_roots_unless_the_pod_has_a_group(pods: Pods) -> None:
    pods.run(storage_class("owned"), volume_claim("state", "owned"))
    mounts = [{"name": "v", "mountPath": "/aura-state"}, {"name": "e", "mountPath": "/aura-empty"}]
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "state"}}, {"name": "e", "emptyDir": {}}]

    def writer(name: str, **context: Any) -> dict[str, Any]:
        script = (
            f"echo {name} > /aura-empty/f && echo {name} > /aura-state/{name} && stat -c '%u %g' /aura-state/{name}"
        )
        spec = {"volumes": volumes, "restartPolicy": "Never", "securityContext": {"runAsUser": 4242, **context}}
        return pod(name, shell(script, volumeMounts=mounts), **spec)

    pods.run(writer("alone"))
    pods.until_phase("alone", "Failed")
    assert "Permission denied" in pods.logs("alone")
    pods.run(writer("grouped", fsGroup=4444, fsGroupChangePolicy="OnRootMismatch"))
    pods.until_phase("grouped", "Succeeded")
    assert pods.logs("grouped") == "4242 4444\n"


@as_root
def test_secrets_and_tokens_are_for_the_pods_user(pods: Pods) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "hidden"}}
    volumes = [{"name": "s", "secret": {"secretName": "s", "defaultMode": 0o400}}]
    mounts = [{"name": "s", "mountPath": "/aura-secret"}]
    read = (
        "stat -Lc '%u %g %a' /aura-secret/key /var/run/secrets/kubernetes.io/serviceaccount/token; cat /aura-secret/key"
    )
    code = "from kubernetes import client, config; config.load_config(); print(client.VersionApi().get_code().major)"
    main = shell(f"{read}; python -c '{code}'", volumeMounts=mounts)
    for name, context in (("alone", {}), ("grouped", {"fsGroup": 4444})):
        spec = {"restartPolicy": "Never", "volumes": volumes, "securityContext": {"runAsUser": 4242, **context}}
        pods.run(secret, pod(name, main, **spec))
    pods.until_phase("alone", "Succeeded")
    alone = pods.logs("alone").splitlines()
    assert alone[:2] == ["0 0 400", "4242 0 600"]
    assert "Permission denied" in alone[2]
    assert alone[3] == "1"  # the kubeconfig is for whoever the user is
    pods.until_phase("grouped", "Succeeded")
    assert pods.logs("grouped") == "0 4444 440\n4242 4444 640\nhidden1\n"


def test_who_must_not_be_root_is_not_started(pods: Pods) -> None:
    pods.run(
        pod("root", shell("exec sleep 1000"), securityContext={"runAsNonRoot": True, "runAsUser": 0}),
        pod("image", shell("exec sleep 1000"), securityContext={"runAsNonRoot": True}),
        pod("ours", container(image="aura/auth:1", command=["sleep", "1000"]), securityContext={"runAsNonRoot": True}),
    )

    def waiting(name: str) -> dict[str, Any]:
        return pods.container(name).get("state", {}).get("waiting", {})

    for name, said in (("root", "breaks non-root policy"), ("image", "image will run as root")):
        pods.cluster.until(lambda name=name: waiting(name).get("reason") == "CreateContainerConfigError")
        assert said in waiting(name)["message"]
    pods.until_ready("ours")
    if os.getuid() == 0:
        whoami = "import os, pwd, grp; print(pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name)"
        assert pods.exec("ours", "id", "-u") == "10001\n"
        assert pods.exec("ours", "python", "-c", whoami) == "aura aura\n"
    else:
        assert "not as 10001" in pods.cluster.kubectl("events", "-n", pods.namespace, "--for", "pod/ours")
