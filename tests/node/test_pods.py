"""Pods on the process node behave as on any other node."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.node.conftest import Pods
from tests.node.manifests import POD_IP, container, pod, server, shell

pytestmark = pytest.mark.integration


def test_a_killed_process_is_restarted_and_its_log_is_kept(pods: Pods) -> None:
    pods.run(pod("web", shell("echo first words; echo $$; exec sleep 1000")))
    pid = pods.until_logged("web", r"^\d+\n").split()[-1]
    os.kill(int(pid), signal.SIGKILL)
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


def test_sigterm_comes_after_the_pre_stop_hook_and_at_once_without_one(pods: Pods) -> None:
    script = "trap 'echo terminated' TERM; while :; do sleep 0.05; done"
    hook = {"preStop": {"sleep": {"seconds": 20}}}
    pods.run(
        pod("hooked", shell(script, lifecycle=hook), terminationGracePeriodSeconds=22),
        pod("plain", shell(script), terminationGracePeriodSeconds=22),
    )
    for name in ("hooked", "plain"):
        pods.until_ready(name)
        pods.cluster.kubectl("delete", "pod", name, "-n", pods.namespace, "--wait=false")
    pods.cluster.until(lambda: "terminated" in pods.logs("plain"))
    assert "terminated" not in pods.logs("hooked")


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
