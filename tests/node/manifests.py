"""Short manifests for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Object = dict[str, Any]

POD_IP: Object = {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}

SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = os.environ.get("VERSION", "").encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"])); self.do_GET()
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256
Server((os.environ["POD_IP"], 8080), Handler).serve_forever()
"""
"""A web server that answers with its VERSION."""


def container(name: str = "main", image: str = "aura-local/sh", **fields: Any) -> Object:
    return {"name": name, "image": image, **fields}


def shell(script: str, name: str = "main", **fields: Any) -> Object:
    """A container that runs a shell script, in which Kubernetes expands nothing."""
    return container(name, command=["/bin/sh", "-c", script.replace("$", "$$")], **fields)


def server(**fields: Any) -> Object:
    """A container that serves HTTP on port 8080, named http."""
    env = [POD_IP, *fields.pop("env", [])]
    return container(
        image="aura-local/python",
        args=["-c", SERVER],
        env=env,
        ports=[{"name": "http", "containerPort": 8080}],
        readinessProbe={"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
        **fields,
    )


def pod(name: str, *containers: Object, **spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": list(containers), "terminationGracePeriodSeconds": 5, **spec},
    }


def deployment(name: str, replicas: int, *containers: Object, **spec: Any) -> Object:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": list(containers), **spec}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


def service(name: str, port: Object) -> Object:
    spec = {"selector": {"app": name}, "ports": [port]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def storage_class(name: str, **fields: Any) -> Object:
    """A class of EBS's driver, for the whole cluster."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "ebs.csi.aws.com",
        "volumeBindingMode": "WaitForFirstConsumer",
        **fields,
    }


def volume_claim(name: str, storage_class: str, size: str = "1Gi", modes: Sequence[str] = ("ReadWriteOnce",)) -> Object:
    wanted = {"accessModes": list(modes), "resources": {"requests": {"storage": size}}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {**wanted, "storageClassName": storage_class},
    }
