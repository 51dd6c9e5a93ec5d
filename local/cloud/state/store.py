"""The state on disk: one pickle of moto's backends and our services, replaced before each answer."""

from __future__ import annotations

import copyreg
import os
import pickle
import threading
from pathlib import Path
from typing import Any

import cloudpickle
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto import backends
from moto.core.base_backend import BackendDict

from local.cloud.context import CloudContext
from local.cloud.state.objects import ObjectContents


class Store:
    """Saves the state of `context` and moto to `<folder>/state.pickle`, mode 0600: it holds secrets and keys."""

    def __init__(self, folder: Path, context: CloudContext) -> None:
        self.file = folder / "state.pickle"
        self.context = context
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _register_reducers()
        self.contents = ObjectContents(folder / "objects")

    def save(self) -> None:
        """Returns once the state is on disk. Raises when something cannot be pickled; the old file stays intact."""
        with self.context.lock:
            self.context.changed.clear()
            self.contents.begin()
            # One graph: parts that share objects must still share them after loading.
            data = cloudpickle.dumps({"moto": _moto(), "own": self.context.state}, pickle.HIGHEST_PROTOCOL)
            unfinished = self.file.with_suffix(".new")
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.file)
            self.contents.end()

    def load(self) -> bool:
        """Whether there was a state to load."""
        if not self.file.exists():
            return False
        with self.file.open("rb") as file:
            data = Unpickler(file).load()
        with self.context.lock:
            for (service, account, region), backend in data["moto"].items():
                dict.__setitem__(backends.get_backend(service)[account], region, backend)
            self.context.state = data["own"]
        return True


_MOVED = {"local.cloud.contents": "local.cloud.state.objects", "local.cloud.store": "local.cloud.state.store"}
"""Modules of functions that states on disk refer to: former name -> name."""


class Unpickler(pickle.Unpickler):
    """Also reads states that were written before a module moved."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(_MOVED.get(module, module), name)


def _moto() -> dict[tuple[str, str, str], Any]:
    # dict.items: indexing these dictionaries creates backends
    return {
        (services.service_name, account, region): backend
        for services in list(BackendDict._instances)  # pyright: ignore[reportGeneralTypeIssues]
        for account, regions in list(dict.items(services))
        for region, backend in list(dict.items(regions))
    }


def _register_reducers() -> None:
    """Makes picklable what moto's backends hold and pickle cannot write by default."""
    for private in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())):
        copyreg.pickle(type(private), _private_key)
        copyreg.pickle(type(private.public_key()), _public_key)
    copyreg.pickle(x509.Certificate, _certificate)
    copyreg.pickle(type(threading.Lock()), lambda _: (threading.Lock, ()))
    copyreg.pickle(type(threading.RLock()), lambda _: (threading.RLock, ()))


def _private_key(key: Any) -> tuple[Any, tuple[bytes]]:
    unprotected = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unprotected)
    return _read_private_key, (pem,)


def _public_key(key: Any) -> tuple[Any, tuple[bytes]]:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return _read_public_key, (key.public_bytes(serialization.Encoding.PEM, spki),)


def _certificate(certificate: x509.Certificate) -> tuple[Any, tuple[bytes]]:
    return _read_certificate, (certificate.public_bytes(serialization.Encoding.PEM),)


# Pickle refers to functions by module and name, which cryptography's built-in ones do not have.
def _read_private_key(pem: bytes) -> Any:
    return serialization.load_pem_private_key(pem, None)


def _read_public_key(pem: bytes) -> Any:
    return serialization.load_pem_public_key(pem)


def _read_certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)
