"""Key and kubeconfig files of one cluster."""

from __future__ import annotations

import base64
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local.engines.certificates import Pair
from local.engines.runtime.files import write


def signing_key(file: Path) -> Path:
    """Key with which the API server signs ServiceAccount tokens; created on first use."""
    if not file.exists():
        # The API server derives the public key from SEC 1, not from PKCS #8.
        form, plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        key = ec.generate_private_key(ec.SECP256R1())
        write(file, key.private_bytes(serialization.Encoding.PEM, form, plain), 0o600)
    return file


def write_kubeconfig(file: Path, cluster: str, server: str, authority: Path, client: Pair) -> None:
    """A self-contained kubeconfig, with certificates and key embedded."""

    def inline(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": {"server": server, "certificate-authority-data": inline(authority)}}],
        "users": [
            {
                "name": cluster,
                "user": {
                    "client-certificate-data": inline(client.certificate),
                    "client-key-data": inline(client.key),
                },
            }
        ],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "current-context": cluster,
    }
    data = yaml.safe_dump(content, sort_keys=False).encode()
    if not file.exists() or file.read_bytes() != data:
        write(file, data, 0o600)
