"""The operators in a separate process, with the permissions of manifests/, on the tests' cluster and engines."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from joserfc.jwk import ECKey
from moto.server import ThreadedMotoServer

from contracts.platform import READERS_TAG
from contracts.resource import API_VERSION
from local.engines.kafka import Kafka
from local.engines.redis import Redis
from local.site import CHECKOUT
from local.toolchain import crds
from tests.fixtures.cluster import REGION, Cluster
from tests.fixtures.engines import Database, ScratchEnvironment
from tests.fixtures.revival import Engine, revived

NAMESPACE = "operators"
PORT = 8171
"""Other tests listen on the default ports of these addresses."""
_KEY = "tester"
SECRETS_PREFIX = "aura/operators/"
MANIFESTS = CHECKOUT / "manifests"
SIGNING_KEY = ECKey.generate_key("P-256").as_pem(private=True).decode()
_OWN_SECRETS = {"signing-key": SIGNING_KEY, "webhook": "of-this-run"}


@dataclass
class Installation:
    """Operators that run in a namespace, with the engines that they manage."""

    cluster: Cluster
    secrets: Any
    """boto3 client of the Secrets Manager that the operators read."""
    kafka: Kafka
    postgres: Database
    folder: Path
    addresses: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, address: str) -> subprocess.Popen[bytes]:
        """Starts another process of the operators, listening at `address`."""
        env = self.env | {"POD_NAME": name, "HOST": address, "PORT": str(PORT)}
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "operators"], env=env, cwd=CHECKOUT, stdout=log, stderr=log
            )
        self.running[name] = process
        return process

    def configure(self, **values: str | None) -> None:
        """Sets keys of the ConfigMap `aura-platform`, or takes them away."""
        self.kubectl("patch", "configmap", "aura-platform", "--type=merge", "-p", json.dumps({"data": values}))

    @contextmanager
    def bucket(self, name: str, **values: str) -> Iterator[None]:
        """Streams keep their states in a bucket of this name during the block; `values` of `aura-platform` besides."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        access = {"AWS_ENDPOINT_URL": self.env["AWS_ENDPOINT_URL"]}
        access |= dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), _KEY)
        given = {"STATE_BUCKET": name, **access, **values}
        self.configure(**given)
        try:
            yield
        finally:
            self.configure(**dict.fromkeys(given))

    def client(self, service: Any) -> Any:
        """Of the AWS that the operators use."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.env["AWS_ENDPOINT_URL"],
            aws_access_key_id=_KEY,
            aws_secret_access_key=_KEY,
        )

    def stop(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            process.wait(timeout=60)

    def log(self) -> str:
        return "".join(file.read_text() for file in sorted(self.folder.glob("*.log")))

    def metric(self, name: str) -> float:
        """Sum of a metric's samples at the first operator."""
        with urllib.request.urlopen(f"http://{self.addresses[0]}:{PORT}/metrics", timeout=5) as response:
            lines = response.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def store(self, name: str) -> str:
        """Creates a database with the Secrets of a CloudNativePG Cluster of that name; returns its URI."""
        uri = self.postgres.create(f"operators_{name}")
        authority = self.postgres.authority.certificate.read_text()
        self.cluster.apply(
            _object("Secret", f"{name}-app", stringData={"uri": uri}),
            _object("Secret", f"{name}-ca", stringData={"ca.crt": authority}),
            namespace=NAMESPACE,
        )
        return uri

    def kubectl(self, *argv: str, stdin: str | None = None, check: bool = True) -> str:
        return self.cluster.kubectl("-n", NAMESPACE, *argv, stdin=stdin, check=check)

    def apply(self, kind: str, name: str, spec: dict[str, Any]) -> None:
        about = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}}
        self.cluster.apply({**about, "spec": self.with_own_secrets(name, spec)}, namespace=NAMESPACE)

    def with_own_secrets(self, name: str, spec: dict[str, Any]) -> dict[str, Any]:
        """The spec with secrets of the resource `name` for those named `own/...`; they exist afterwards."""
        text = json.dumps(spec)
        for key in sorted(set(re.findall(r'"own/([a-z-]+)"', text))):
            with suppress(self.secrets.exceptions.ResourceExistsException):
                self.create_secret(f"{name}/{key}", _OWN_SECRETS[key])
        return json.loads(text.replace('"own/', f'"{name}/'))

    def create_secret(self, name: str, value: str, *readers: str) -> None:
        """A secret of the stack, which the services `readers` may read besides its owner."""
        tags = [{"Key": READERS_TAG, "Value": " ".join(readers)}] if readers else []
        self.secrets.create_secret(Name=f"{SECRETS_PREFIX}{name}", SecretString=value, Tags=tags)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """The object; empty if it does not exist."""
        text = self.kubectl("get", kind, name, "--ignore-not-found", "-o", "json")
        return json.loads(text) if text.strip() else {}

    def conditions(self, kind: str, name: str) -> dict[str, dict[str, Any]]:
        found = self.get(kind, name)
        return {one["type"]: one for one in found.get("status", {}).get("conditions", [])}

    def until_reason(self, kind: str, name: str, type: str, reason: str, seconds: float = 60) -> dict[str, Any]:
        """The condition, once it has this reason."""
        return self.cluster.until(
            lambda: (one := self.conditions(kind, name).get(type, {})) and one["reason"] == reason and one, seconds
        )


@pytest.fixture(scope="session")
def definitions(cluster: Cluster) -> Cluster:
    """The cluster with all custom resource definitions and the StorageClass of the manifests."""
    for file in [*crds(), MANIFESTS / "crds", MANIFESTS / "cluster" / "storage.yaml"]:
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(file))
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    cluster.namespace(NAMESPACE)
    return cluster


@pytest.fixture(scope="session")
def aws(scratch: ScratchEnvironment) -> Iterator[str]:
    """URL of an AWS endpoint: only Secrets Manager, without the local cloud's engines."""
    server = ThreadedMotoServer(ip_address=scratch.addresses[5], port=4566, verbose=False)
    server.start()
    yield f"http://{scratch.addresses[5]}:4566"
    server.stop()


@pytest.fixture(scope="module")
def installation(running_operators: Installation) -> Iterator[Installation]:
    """The operators of the whole run. A module's resources are gone before the next module: their Pods cost the
    machine's processors as long as they exist."""
    yield running_operators
    kinds = "auraservices,biostreams"
    running_operators.kubectl("delete", kinds, "--all", "--timeout=40s", check=False)


@pytest.fixture(scope="session")
def running_operators(
    definitions: Cluster, aws: str, kafka: Kafka, postgres: Database, redis: Redis, scratch: ScratchEnvironment
) -> Iterator[Installation]:
    """Running operators in a namespace with the platform's configuration, a database and AWS secrets."""
    folder = scratch.folder / "operators"
    folder.mkdir()
    client = boto3.client(
        "secretsmanager",
        region_name=REGION,
        endpoint_url=aws,
        aws_access_key_id=_KEY,
        aws_secret_access_key=_KEY,
    )
    installed = Installation(definitions, client, kafka, postgres, folder, scratch.addresses[6:8])
    installed.create_secret("rds/operators", _login(postgres))
    settings = {"KAFKA_BOOTSTRAP": kafka.bootstrap, "REDIS_URL": redis.url, "AWS_REGION": REGION}
    definitions.apply(
        _object("ConfigMap", "aura-platform", data=settings),
        *(one for one in operators_manifests(NAMESPACE) if one["kind"] not in ("Deployment", "PodDisruptionBudget")),
        namespace=NAMESPACE,
    )
    installed.store("timeseries")
    installed.env = os.environ | {
        "KUBECONFIG": str(_kubeconfig(definitions, folder)),
        "WATCH_NAMESPACE": NAMESPACE,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": aws,
        "SECRETS_PREFIX": SECRETS_PREFIX,
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _KEY,
        "RESYNC_SECONDS": "5",
    }
    # A process that lost its Lease ends; a Deployment starts it again.
    process = Engine(
        "installation",
        lambda: installed.running["first"].poll() is None,
        lambda: installed.start("first", installed.addresses[0]),
    )
    try:
        with revived(process):
            yield installed
    finally:
        installed.stop()
        definitions.kubectl("delete", "auraservices,biostreams", "--all", "-n", NAMESPACE, "--wait=false")
        definitions.kubectl("delete", "deployments", "--all", "-n", NAMESPACE, "--wait=false")


def _login(postgres: Database) -> str:
    """What the secret of an RDS instance holds."""
    server = postgres.server
    login = {"host": server.address, "port": 5432, "username": postgres.login.user, "password": postgres.login.password}
    postgres.create("operators_master")
    return json.dumps(login | {"dbname": "operators_master"})


def operators_manifests(namespace: str) -> list[dict[str, Any]]:
    """Deployment, ServiceAccount, roles and bindings of manifests/, bound to a namespace of the tests."""
    files = [MANIFESTS / "base" / name for name in ("operators.yaml", "permissions.yaml")]
    found = [one for file in files for one in yaml.safe_load_all(file.read_text())]
    for one in found:
        for subject in one.get("subjects", []):
            subject["namespace"] = namespace
        if one["kind"].startswith("ClusterRole"):
            one["metadata"]["name"] += f"-{namespace}"
            if "roleRef" in one:
                one["roleRef"]["name"] = one["metadata"]["name"]
    return found


def _kubeconfig(cluster: Cluster, folder: Path) -> Path:
    """A kubeconfig with a token of the operators' ServiceAccount and nothing else."""
    token = cluster.kubectl("create", "token", "operators", "-n", NAMESPACE, "--duration=3h").strip()
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"] = [{"name": config["contexts"][0]["context"]["user"], "user": {"token": token}}]
    file = folder / "kubeconfig"
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(config))
    return file


def _object(kind: str, name: str, **content: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **content}
