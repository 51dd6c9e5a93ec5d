"""Pickles of parts of the state: a backend is written by name, so that its part can be written and read alone."""

from __future__ import annotations

import io
import pickle
import threading
from collections import defaultdict
from collections.abc import Callable
from enum import Enum
from functools import partial
from types import FunctionType
from typing import Any

import cloudpickle
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.core.base_backend import BaseBackend
from moto.s3.models import FakeDeleteMarker, FakeKey
from moto.s3.utils import _VersionedKeyStore

from local.cloud.moto_backends import registry
from local.cloud.state import objects, versions
from local.cloud.state.objects import ObjectContents, Written
from local.cloud.state.versions import Block, Run

_MOVED = {
    "local.cloud.contents": "local.cloud.state.objects",
    "local.cloud.store": "local.cloud.state.pickling",
    "local.cloud.state.store": "local.cloud.state.pickling",
}
"""Modules of functions that states on disk refer to: former name -> name."""


class Pickler(cloudpickle.Pickler):
    """Writes one part. Afterwards `backends` are those it refers to and `instances` the ids of its own objects."""

    def __init__(self, file: io.BytesIO, contents: ObjectContents) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.backends: set[registry.Key] = set()
        self.instances: set[int] = set()
        self._contents = contents

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind is FunctionType or issubclass(kind, type):
            return super().reducer_override(obj)  # by value where there is no name to refer to
        if kind.__module__.startswith("moto.") and not isinstance(obj, BaseBackend | Enum):
            self.instances.add(id(obj))
        if isinstance(obj, FakeKey):
            return self._object(obj)
        if isinstance(obj, FakeDeleteMarker):
            return object.__new__, (FakeDeleteMarker,), _of_marker(obj)
        if isinstance(obj, _VersionedKeyStore):
            return self._objects(obj)
        reducer = _REDUCERS.get(kind)
        if reducer is not None:
            return reducer(obj)
        if isinstance(obj, BaseBackend):
            key = registry.key_of(obj)
            if registry.get(key) is obj:
                self.backends.add(key)
                return _backend, key
        if isinstance(obj, defaultdict) and kind is not defaultdict:
            return _new_defaultdict, (kind, obj.default_factory), vars(obj), None, iter(dict.items(obj))
        return NotImplemented

    def _object(self, key: FakeKey) -> tuple[Any, ...]:
        written, reduced = self._contents.reduce(key, self._written)
        self.backends.update(written.backends)
        return reduced

    def _objects(self, store: _VersionedKeyStore) -> tuple[Any, ...]:
        blocks = versions.blocks(store, self._block, lambda block: self._contents.has(block.file))
        for block in blocks:
            self.backends.update(block.backends)
            self._contents.refer(block.files)
        return versions._restored_blocks, ([block.file for block in blocks],)

    def _block(self, content: list[Run]) -> Block:
        written = self._written(content)
        file = self._contents.write(written.data)
        return Block(file, written.files | {file}, written.backends)

    def _written(self, state: object) -> Written:
        """Pickled for itself. Objects are read back as objects of their own, so none shares anything with others."""
        outer = self._contents.take_used()
        file = io.BytesIO()
        pickler = Pickler(file, self._contents)
        pickler.dump(state)
        files = self._contents.take_used()
        self._contents.refer(outer)
        return Written(file.getvalue(), files, frozenset(pickler.backends))


class Unpickler(pickle.Unpickler):
    """Reads a part, or a state that was written before a module moved."""

    def __init__(self, data: bytes, contents: ObjectContents) -> None:
        super().__init__(io.BytesIO(data))
        # No bound method: the memo keeps what is found, and Python's collector sees no cycle that leads through it.
        self._of_objects = {
            objects._restored: partial(self.read_object, contents),
            versions._restored_blocks: partial(self.read_objects, contents),
        }

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(_MOVED.get(module, module), name)
        return self._of_objects.get(found, found)

    @staticmethod
    def read_object(contents: ObjectContents, _: str, name: str, state: bytes | dict[str, Any]) -> FakeKey:
        return contents.restored(name, _state(Unpickler, state, contents))

    @staticmethod
    def read_objects(contents: ObjectContents, files: list[str]) -> _VersionedKeyStore:
        return versions.restored(Unpickler(contents.read(file), contents).load() for file in files)


class Verifier(Unpickler):
    """Reads a part only to see that it can be read: contents of objects have to be there, and stay on disk."""

    @staticmethod
    def read_object(contents: ObjectContents, _: str, name: str, state: bytes | dict[str, Any]) -> FakeKey:
        return contents.verified(name, state, lambda: _state(Verifier, state, contents))

    @staticmethod
    def read_objects(contents: ObjectContents, files: list[str]) -> _VersionedKeyStore:
        for file in files:
            contents.verify(file, lambda data: Verifier(data, contents).load())
        return _VersionedKeyStore()


def _state(unpickler: type[Unpickler], state: bytes | dict[str, Any], contents: ObjectContents) -> dict[str, Any]:
    """Of an object. In states from before objects were pickled each for itself it is what was pickled."""
    return unpickler(state, contents).load() if isinstance(state, bytes) else state


def _backend(service: str, account: str, region: str) -> BaseBackend:
    return registry.get((service, account, region))


def _new_defaultdict(kind: Any, factory: Any) -> Any:
    """Without the subclass's own __init__, whose parameters nobody knows here."""
    made = kind.__new__(kind)
    defaultdict.__init__(made, factory)
    return made


def _of_marker(marker: FakeDeleteMarker) -> dict[str, Any]:
    """Its attributes. A marker on a marker on a marker would be pickled through: moto asks what the one below is."""
    attributes = dict(vars(marker))
    if isinstance(below := attributes["key"], FakeDeleteMarker):
        attributes["key"] = object.__new__(FakeDeleteMarker)
        vars(attributes["key"]).update(vars(below) | {"key": None})
    return attributes


def _set_versions(store: _VersionedKeyStore, versions: dict[str, list[Any]]) -> None:
    """Of states from before a bucket's objects were written in blocks."""
    dict.update(store, versions)


def _private_key(key: Any) -> tuple[Any, tuple[bytes]]:
    unprotected = serialization.NoEncryption()
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, unprotected)
    return _read_private_der, (der,)


def _public_key(key: Any) -> tuple[Any, tuple[bytes]]:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return _read_public_key, (key.public_bytes(serialization.Encoding.PEM, spki),)


def _certificate(certificate: x509.Certificate) -> tuple[Any, tuple[bytes]]:
    return _read_certificate, (certificate.public_bytes(serialization.Encoding.PEM),)


# Pickle refers to functions by module and name, which cryptography's built-in ones do not have.
def _read_private_der(der: bytes) -> Any:
    # Validating an RSA key takes 50 ms; it was valid when it was written.
    return serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)


def _read_private_key(pem: bytes) -> Any:
    """Of states from before keys were written as DER."""
    return serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)


def _read_public_key(pem: bytes) -> Any:
    return serialization.load_pem_public_key(pem)


def _read_certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def _reducers() -> dict[type, Callable[[Any], Any]]:
    made: dict[type, Callable[[Any], Any]] = {
        x509.Certificate: _certificate,
        type(threading.Lock()): lambda _: (threading.Lock, ()),
        type(threading.RLock()): lambda _: (threading.RLock, ()),
    }
    for private in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())):
        made[type(private)] = _private_key
        made[type(private.public_key())] = _public_key
    return made


_REDUCERS = _reducers()
