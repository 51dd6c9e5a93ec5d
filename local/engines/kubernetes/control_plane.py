"""Kubernetes control plane of one region: the engine of an EKS cluster.

etcd, API server, controller manager and scheduler are the real ones. EndpointSlices must not have loopback addresses,
so their controllers are disabled; the add-ons process (`local.node.addons`) replaces them and kube-proxy.
"""

from __future__ import annotations

import http.client
import os
import shutil
import ssl
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from local.engines.certificates import Authority, Pair
from local.engines.kubernetes import pki
from local.engines.runtime.process import START_SECONDS, Process, kill_recorded
from local.site import CHECKOUT, Site
from local.toolchain import tools

PORT = 6443
DEFAULT_ADDRESS = 10
"""Engine number of a region's API server when the caller gives no address."""
_GARBAGE = {"GOGC": "400", "GOMEMLIMIT": "448MiB"}
"""A collection at five times the living data, not at twice: a third less processor time while a cluster comes up. That
would be near 1 GiB of an API server, so it collects more often from some size on."""
_NODE_MONITOR_GRACE_SECONDS = 16
_EVICTION_SECONDS = 10
_DISABLED_CONTROLLERS = (
    "endpointslice-controller",
    "endpoints-controller",
    "endpointslice-mirroring-controller",
    "persistentvolume-attach-detach-controller",
    "cloud-node-lifecycle-controller",
    "node-route-controller",
    "service-lb-controller",
)


@dataclass(frozen=True)
class Webhooks:
    """Kubeconfigs of the webhooks that authenticate AWS's tokens and authorize by access policies."""

    tokens: Path
    authorization: Path

    def flags(self) -> list[str]:
        """Decisions are kept for seconds only, so that a change of an access entry soon counts."""
        return [
            f"--authentication-token-webhook-config-file={self.tokens}",
            *("--authentication-token-webhook-version=v1", "--authentication-token-webhook-cache-ttl=10s"),
            f"--authorization-webhook-config-file={self.authorization}",
            *("--authorization-webhook-version=v1", "--authorization-webhook-cache-authorized-ttl=10s"),
            "--authorization-webhook-cache-unauthorized-ttl=1s",
        ]


class ControlPlane:
    """Cluster `name` of a region. `webhooks` know AWS's identities; without them there are only client certificates."""

    def __init__(
        self, site: Site, region: str, name: str, address: str | None = None, webhooks: Webhooks | None = None
    ) -> None:
        self.site = site
        self.region = region
        self.name = name
        self.address = address or site.engine_address(region, DEFAULT_ADDRESS)
        self.webhooks = webhooks
        self.folder = site.home / "engines" / region / "eks" / name
        self.kubeconfig = site.kubeconfig(region)
        self.etcd = Process(self.folder, "etcd")
        self.api = Process(self.folder, "kube-apiserver")
        self.controllers = Process(self.folder, "kube-controller-manager")
        self.scheduler = Process(self.folder, "kube-scheduler")
        self.addons = Process(self.folder, "addons")

    @property
    def endpoint(self) -> str:
        return f"https://{self.address}:{PORT}"

    @property
    def authority(self) -> Authority:
        """The cluster's certificate authority; its certificate is EKS's `certificateAuthority`."""
        return Authority(self.folder / "pki", "kubernetes")

    @property
    def administrator(self) -> Pair:
        """Client certificate of a cluster administrator."""
        return self.authority.pair("admin", "admin", "system:masters")

    @property
    def volumes(self) -> Path:
        """Folders of the cluster's PersistentVolumes."""
        return self.folder / "volumes"

    def write_kubeconfig(self, file: Path, client: Pair) -> None:
        """Writes a kubeconfig that authenticates with `client`."""
        pki.write_kubeconfig(file, self.name, self.endpoint, self.authority.certificate, client)

    def ensure(self, seconds: float = START_SECONDS) -> str:
        """Starts the components that do not run, writes the kubeconfig, waits for the API; returns the endpoint.

        Raises EngineFailed, with the end of the log, when a component ends or `seconds` pass.
        """
        certificates = self._certificates()
        self.write_kubeconfig(self.kubeconfig, self.administrator)
        env = {**os.environ, **_GARBAGE}
        self.etcd.start(self._etcd(certificates["etcd"]), env=env, listens=[(self.address, 2379), (self.address, 2380)])
        self.api.start(self._api(certificates), env=env, listens=[(self.address, PORT)])
        self.api.wait_until(self._is_api_ready, seconds)
        self.controllers.start(self._controllers())
        self.scheduler.start(self._scheduler())
        self.addons.start(self._addons(), cwd=CHECKOUT)
        return self.endpoint

    def stop_outdated(self) -> bool:
        """Stops an API server that was started with other flags, by an earlier version; returns whether it did."""
        pid, wanted = self.api.pid(), self._api(self._certificates())
        if pid is None or Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1] == wanted:
            return False
        self.api.stop(grace=1)
        return True

    def ready(self) -> bool:
        """Whether every component runs and the API server's /readyz, which includes etcd, succeeds."""
        return all(component.pid() is not None for component in self._components()) and self._is_api_ready()

    def stop(self) -> None:
        """Stops the processes; data is kept. Clients first: they would wait long for an etcd that has stopped."""
        for component in (self.addons, self.scheduler, self.controllers):
            component.stop(grace=5)
        self.api.stop(grace=1)  # it is stateless, and would wait a minute for open watches
        self.etcd.stop(grace=10)

    def delete(self) -> None:
        """Stops the processes and deletes the cluster's data and kubeconfig."""
        kill_recorded(self.folder)  # includes the add-ons' proxies
        shutil.rmtree(self.folder, ignore_errors=True)
        self.kubeconfig.unlink(missing_ok=True)

    def _components(self) -> tuple[Process, ...]:
        return self.addons, self.scheduler, self.controllers, self.api, self.etcd

    def _certificates(self) -> dict[str, Pair]:
        authority = self.authority.ensure()
        names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost")
        service = self.site.service_network(self.region).rsplit(".", 1)[0] + ".1"
        pki.signing_key(self.folder / "pki" / "service-accounts.key")
        return {
            "server": authority.pair("server", "kube-apiserver", hosts=(self.address, service, *names)),
            "etcd": authority.pair("etcd", "etcd", hosts=(self.address,)),
            "kubelet": authority.pair("kubelet-client", "kube-apiserver-kubelet-client"),
            "proxy": authority.pair("front-proxy", "front-proxy-client"),
        }

    def _etcd(self, pair: Pair) -> list[str]:
        client, peer = f"https://{self.address}:2379", f"https://{self.address}:2380"
        ca = self.authority.certificate
        return [
            str(tools.path("etcd")),
            f"--name={self.name}",
            f"--data-dir={self.folder / 'data'}",
            *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
            *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
            f"--initial-cluster={self.name}={peer}",
            *(f"--cert-file={pair.certificate}", f"--key-file={pair.key}"),
            *(f"--trusted-ca-file={ca}", "--client-cert-auth=true"),
            *(f"--peer-cert-file={pair.certificate}", f"--peer-key-file={pair.key}"),
            *(f"--peer-trusted-ca-file={ca}", "--peer-client-cert-auth=true"),
            "--log-level=warn",
        ]

    def _api(self, certificates: dict[str, Pair]) -> list[str]:
        folder, ca = self.folder / "pki", self.authority.certificate
        server, etcd = certificates["server"], certificates["etcd"]
        kubelet, proxy = certificates["kubelet"], certificates["proxy"]
        return [
            str(tools.path("kube-apiserver")),
            *(f"--bind-address={self.address}", f"--advertise-address={self.address}", f"--secure-port={PORT}"),
            *(f"--tls-cert-file={server.certificate}", f"--tls-private-key-file={server.key}"),
            f"--client-ca-file={ca}",
            *(f"--etcd-servers=https://{self.address}:2379", f"--etcd-cafile={ca}"),
            *(f"--etcd-certfile={etcd.certificate}", f"--etcd-keyfile={etcd.key}"),
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={folder / 'service-accounts.key'}",
            f"--service-account-signing-key-file={folder / 'service-accounts.key'}",
            f"--authorization-mode=Node,RBAC{',Webhook' if self.webhooks else ''}",
            "--enable-admission-plugins=NodeRestriction",
            f"--service-cluster-ip-range={self.site.service_network(self.region)}",
            "--endpoint-reconciler-type=none",
            "--allow-privileged=true",
            *(f"--kubelet-client-certificate={kubelet.certificate}", f"--kubelet-client-key={kubelet.key}"),
            *(f"--kubelet-certificate-authority={ca}", "--kubelet-preferred-address-types=InternalIP"),
            *(f"--proxy-client-cert-file={proxy.certificate}", f"--proxy-client-key-file={proxy.key}"),
            *(f"--requestheader-client-ca-file={ca}", "--requestheader-allowed-names=front-proxy-client"),
            *("--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group"),
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--default-not-ready-toleration-seconds={_EVICTION_SECONDS}",
            f"--default-unreachable-toleration-seconds={_EVICTION_SECONDS}",
            "--profiling=false",
            *(self.webhooks.flags() if self.webhooks else []),
        ]

    def _controllers(self) -> list[str]:
        disabled = ",".join(f"-{controller}" for controller in _DISABLED_CONTROLLERS)
        return [
            str(tools.path("kube-controller-manager")),
            f"--kubeconfig={self.kubeconfig}",
            f"--controllers=*,{disabled}",
            f"--service-account-private-key-file={self.folder / 'pki' / 'service-accounts.key'}",
            f"--root-ca-file={self.authority.certificate}",
            *("--node-monitor-period=2s", f"--node-monitor-grace-period={_NODE_MONITOR_GRACE_SECONDS}s"),
            *("--leader-elect=false", "--secure-port=0", "--profiling=false"),
            *("--kube-api-qps=100", "--kube-api-burst=200"),
            "--horizontal-pod-autoscaler-sync-period=5s",
        ]

    def _scheduler(self) -> list[str]:
        return [
            str(tools.path("kube-scheduler")),
            f"--kubeconfig={self.kubeconfig}",
            *("--leader-elect=false", "--secure-port=0", "--profiling=false"),
        ]

    def _addons(self) -> list[str]:
        return [
            *(sys.executable, "-m", "local.node.addons"),
            *("--kubeconfig", str(self.kubeconfig)),
            *("--folder", str(self.folder / "addons")),
            *("--volumes", str(self.volumes)),
        ]

    def _is_api_ready(self) -> bool:
        connection = http.client.HTTPSConnection(self.address, PORT, timeout=3, context=self._trust)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority.certificate))
