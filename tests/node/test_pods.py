"""Pods on the process node behave as on any other node."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.fixtures.cluster import Cluster
from tests.node.manifests import POD_IP, container, pod, server, shell

pytestmark = pytest.mark.integration


class Pods:
    """The Pods of one namespace."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = cluster.namespace(namespace)

    def run(self, *objects: dict[str, Any]) -> None:
        self.cluster.apply(*objects, namespace=self.namespace)

    def status(self, name: str) -> dict[str, Any]:
        return self.cluster.get("pod", name, "-n", self.namespace)["status"]

    def container(self, name: str) -> dict[str, Any]:
        return (self.status(name).get("containerStatuses") or [{}])[0]

    def until_phase(self, name: str, phase: str) -> dict[str, Any]:
        return self.cluster.until(lambda: (s := self.status(name))["phase"] == phase and s)

    def until_ready(self, name: str) -> None:
        self.cluster.until(lambda: self.container(name).get("ready"))

    def logs(self, name: str, *flags: str) -> str:
        return self.cluster.kubectl("logs", name, "-n", self.namespace, *flags)

    def exec(self, name: str, *command: str, check: bool = True) -> str:
        return self.cluster.kubectl("exec", "-q", name, "-n", self.namespace, "--", *command, check=check)


@pytest.fixture
def pods(cluster: Cluster, request: pytest.FixtureRequest) -> Pods:
    name = request.node.name.removeprefix("test_").replace("_", "-")[:50].strip("-")
    return Pods(cluster, name)


def test_a_killed_process_is_restarted_and_its_log_is_kept(pods: Pods) -> None:
    pods.run(pod("web", shell("echo first words; echo $$; exec sleep 1000")))
    pods.until_ready("web")
    pids = pods.logs("web").split()[-1]
    os.kill(int(pids), signal.SIGKILL)
    again = pods.cluster.until(lambda: (c := pods.container("web"))["restartCount"] == 1 and c["ready"] and c)
    assert again["lastState"]["terminated"]["exitCode"] == 137
    assert "first words" in pods.logs("web", "--previous")


def test_a_container_that_keeps_failing_backs_off(pods: Pods) -> None:
    pods.run(pod("crash", shell("exit 3")))
    state = pods.cluster.until(lambda: pods.container("crash").get("state", {}).get("waiting"))
    pods.cluster.until(lambda: pods.container("crash")["restartCount"] >= 2)
    state = pods.cluster.until(lambda: pods.container("crash")["state"].get("waiting"))
    assert state["reason"] == "CrashLoopBackOff"
    assert pods.container("crash")["lastState"]["terminated"]["exitCode"] == 3


def test_an_unknown_image_is_errimagepull_with_an_event(pods: Pods) -> None:
    pods.run(pod("stranger", container(image="somewhere/nothing:1")))
    pods.cluster.until(
        lambda: "ImagePull" in pods.container("stranger").get("state", {}).get("waiting", {}).get("reason", "")
    )
    assert pods.status("stranger")["phase"] == "Pending"
    events = pods.cluster.until(lambda: pods.cluster.kubectl("events", "-n", pods.namespace, "--types=Warning"))
    assert "somewhere/nothing:1" in events


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


def test_the_end_of_a_failed_containers_log_is_its_message_where_asked_for(pods: Pods) -> None:
    script = "echo first; echo the last words >&2; exit 3"
    asked = {"terminationMessagePolicy": "FallbackToLogsOnError"}
    pods.run(
        pod("says", shell(script, **asked), restartPolicy="Never"),
        pod("silent", shell(script), restartPolicy="Never"),
        pod("fine", shell("echo well", **asked), restartPolicy="Never"),
    )
    for name, phase, said in (
        ("says", "Failed", "first\nthe last words"),
        ("silent", "Failed", ""),
        ("fine", "Succeeded", ""),
    ):
        pods.until_phase(name, phase)
        assert pods.container(name)["state"]["terminated"].get("message", "") == said


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
    pods.until_ready("vars")
    printed = dict(line.split("=", 1) for line in pods.logs("vars").splitlines())
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
    pods.until_ready("patient")
    assert "got it" in pods.logs("patient")


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
    assert "refused" in pods.logs("mounts")
    assert not any(os.path.lexists(path) for path in ("/aura-tests", "/etc/aura-tests", "/var/lib/aura-tests"))


def test_a_claim_is_bound_and_what_is_written_outlives_the_pod(pods: Pods) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "state"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    spec = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "state"}}], "restartPolicy": "Never"}
    mounts = [{"name": "v", "mountPath": "/aura-state"}]
    pods.run(claim, pod("writer", shell("echo kept > /aura-state/f", volumeMounts=mounts), **spec))
    pods.until_phase("writer", "Succeeded")
    assert pods.cluster.get("pvc", "state", "-n", pods.namespace)["status"]["phase"] == "Bound"
    pods.cluster.kubectl("delete", "pod", "writer", "-n", pods.namespace)
    pods.run(pod("reader", shell("cat /aura-state/f", volumeMounts=mounts), **spec))
    pods.until_phase("reader", "Succeeded")
    assert pods.logs("reader") == "kept\n"
    folder = pods.cluster.control_plane.volumes
    name = pods.cluster.get("pvc", "state", "-n", pods.namespace)["spec"]["volumeName"]
    assert (folder / name / "f").exists()
    pods.cluster.kubectl("delete", "pod/reader", "pvc/state", "-n", pods.namespace)
    pods.cluster.until(lambda: not (folder / name).exists())


def test_probes_control_readiness_and_restarts(pods: Pods) -> None:
    probes = {
        "startupProbe": {"exec": {"command": ["test", "-e", "started"]}, "periodSeconds": 1},
        "livenessProbe": {"exec": {"command": ["test", "!", "-e", "sick"]}, "periodSeconds": 1, "failureThreshold": 2},
        "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 1},
    }
    script = "rm -f sick started; (sleep 1; touch started) & exec python -m http.server 8080 --bind $POD_IP"
    volume = {"volumes": [{"name": "w", "emptyDir": {}}]}
    main = shell(script, env=[POD_IP], workingDir="/aura-work", volumeMounts=[{"name": "w", "mountPath": "/aura-work"}])
    pods.run(pod("probed", main | probes, **volume))
    pods.cluster.until(lambda: pods.container("probed").get("state", {}).get("running"))
    assert pods.container("probed")["started"] is False
    pods.until_ready("probed")
    pods.exec("probed", "touch", "sick")
    pods.cluster.until(lambda: pods.container("probed")["restartCount"] == 1)
    pods.until_ready("probed")
    assert "liveness probe failed" in pods.container("probed")["lastState"]["terminated"]["message"]


def test_jobs_complete_or_fail_by_exit_code(pods: Pods) -> None:
    def job(name: str, script: str) -> dict[str, Any]:
        template = {"spec": {"containers": [shell(script)], "restartPolicy": "Never"}}
        spec = {"backoffLimit": 0, "template": template}
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}

    pods.run(job("good", "exit 0"), job("bad", "exit 7"))
    for name, condition in (("good", "complete"), ("bad", "failed")):
        pods.cluster.kubectl(
            "wait", f"job/{name}", f"--for=condition={condition}", "-n", pods.namespace, "--timeout=30s"
        )


def test_termination_lets_the_program_finish_and_reports_its_exit_code(pods: Pods) -> None:
    script = "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.05; done"
    pods.run(pod("polite", shell(script), restartPolicy="Never"))
    pods.until_ready("polite")
    pods.cluster.until(lambda: "up" in pods.logs("polite"))
    watch = pods.cluster.kubectl("delete", "pod", "polite", "-n", pods.namespace, "--wait=false")
    assert "deleted" in watch
    pods.cluster.until(
        lambda: "NotFound" in pods.cluster.kubectl("get", "pod", "polite", "-n", pods.namespace, check=False)
    )


def test_a_deleted_pod_leaves_no_process_not_even_a_detached_one(pods: Pods) -> None:
    stubborn = shell("trap '' TERM; while :; do sleep 1; done", "stubborn")
    parent = shell("setsid sleep 1000 & exec sleep 1000", "parent")  # ends at SIGTERM, its child would not
    pods.run(pod("stubborn", stubborn, parent, terminationGracePeriodSeconds=1))
    pods.until_ready("stubborn")
    uid = pods.cluster.get("pod", "stubborn", "-n", pods.namespace)["metadata"]["uid"]
    pods.cluster.until(lambda: len(_processes_of(uid)) >= 3)
    pods.cluster.kubectl("delete", "pod", "stubborn", "-n", pods.namespace)
    assert not _processes_of(uid)


def test_the_service_account_can_call_the_api_and_only_what_rbac_grants(pods: Pods) -> None:
    code = (
        "from kubernetes import client, config; config.load_config()\n"
        "print(len(client.CoreV1Api().list_namespaced_pod('{}').items))"
    )
    pods.run(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "view"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "ServiceAccount", "name": "default"}],
        },
    )
    for name, namespace in (("allowed", pods.namespace), ("denied", "kube-system")):
        main = container(image="aura-local/python", args=["-c", code.format(namespace)])
        pods.run(pod(name, main, restartPolicy="Never"))
    pods.until_phase("allowed", "Succeeded")
    assert int(pods.logs("allowed")) >= 1
    pods.until_phase("denied", "Failed")
    assert "Forbidden" in pods.logs("denied")


def test_logs_follow_and_exec_returns_the_exit_code(pods: Pods) -> None:
    pods.run(pod("talker", shell("for i in 1 2 3 4; do echo line $i; sleep 0.3; done"), restartPolicy="Never"))
    pods.cluster.until(lambda: pods.container("talker").get("state", {}).get("running"))
    assert pods.logs("talker", "-f").count("line") == 4
    assert pods.logs("talker", "--tail=1") == "line 4\n"
    pods.run(pod("host", shell("exec sleep 1000")))
    pods.until_ready("host")
    assert "exit code 4" in pods.exec("host", "sh", "-c", "exit 4", check=False)
    piped = pods.cluster.kubectl("exec", "-i", "host", "-n", pods.namespace, "--", "cat", stdin="through the pipe")
    assert piped == "through the pipe"


def test_host_network_pods_have_the_nodes_address(pods: Pods) -> None:
    pods.run(pod("net", server(), hostNetwork=True))
    pods.until_ready("net")
    status = pods.status("net")
    assert status["podIP"] == status["hostIP"]


def test_open_files_are_limited_only_by_the_machine(pods: Pods) -> None:
    pods.run(pod("limits", shell("ulimit -Sn; ulimit -Hn"), restartPolicy="Never"))
    pods.until_phase("limits", "Succeeded")
    soft, hard = pods.logs("limits").split()
    assert soft == hard


def _processes_of(uid: str) -> list[str]:
    """Processes with the Pod's UID in their environment."""
    found = []
    for entry in os.scandir("/proc"):
        try:
            with open(f"/proc/{entry.name}/environ", "rb") as environ:  # noqa: PTH123
                if entry.name.isdigit() and uid.encode() in environ.read():
                    found.append(entry.name)
        except OSError:
            continue
    return found
