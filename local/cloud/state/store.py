"""The state on disk: what is acknowledged is there, and can be read back."""

from __future__ import annotations

import logging
import pickle
from pathlib import Path
from typing import Any

from local.cloud.context import CloudContext
from local.cloud.moto_backends import registry
from local.cloud.moto_backends.s3 import changed
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.state.files import StateFiles
from local.cloud.state.objects import ObjectContents
from local.cloud.state.parts import Name, Part, Parts, Unkept, is_own, own_name
from local.cloud.state.pickling import Unpickler

log = logging.getLogger(__name__)

_FORMAT = 2
"""Of the file: a pickle for each part. States without a format are one pickle of everything."""


class StateUnreadable(RuntimeError):
    """Neither the state's file nor the one before can be read; the message says what to do."""


class Store:
    """The state of `context` and of moto in `folder`. Call it under the context's lock."""

    def __init__(self, folder: Path, context: CloudContext) -> None:
        registry.install()
        changed.install()
        self.context = context
        self.files = StateFiles(folder)
        self.contents = ObjectContents(folder / "objects")
        self.parts = Parts(self.contents)
        self.trouble = ""
        """What the last start lost, for people; empty when nothing."""
        self._saved: dict[Name, Part] = {}
        self._files: frozenset[str] = frozenset()
        """Those that the state on disk refers to; it becomes the one before, and has to be readable then."""

    def save(self) -> None:
        """Writes what differs from the state on disk. Raises Unkept or OSError; then the disk has what it had."""
        with self.context.lock:
            used = registry.take_used()
            try:
                self._save({registry.key_of(backend) for backend in used})
            except BaseException:
                registry.note(used)
                raise
            self.context.changed.clear()

    def settle(self) -> None:
        """Saves what the control loop has changed since its last pass: an error of a request must not undo that, as the
        engines already are as it says. Raises as commit."""
        with self.context.lock:
            if self.context.changed.is_set():
                self.commit()

    def commit(self) -> None:
        """`save` before an answer. Raises AwsError when that fails; then nothing has changed in memory either."""
        try:
            self.save()
        except Unkept as error:
            log.error("a change cannot be kept and was undone: %s", error)
            self.revert()
            raise unsupported(f"keeping what this changes in {error}") from error
        except OSError as error:
            log.error("a change cannot be written and was undone: %s", error)
            self.revert()
            message = f"The local cloud could not write its state: {error}. Nothing was changed; make room and repeat."
            raise AwsError("InternalFailure", message, 500) from error

    def commit_read(self) -> None:
        """After a read: what it made of a backend that the disk has, such as when a secret was last read, is saved with
        the next change. What moto made at its first use is saved now. Raises as `commit`."""
        with self.context.lock:
            used = registry.take_used()
            registry.note(used)
            known = {key for name in self._saved if not is_own(name) for key in name}
            if not {registry.key_of(backend) for backend in used} <= known:
                self.commit()

    def version_of(self, service: str) -> object:
        """Equal as long as nothing of a service of moto was changed and saved; `service` is moto's package."""
        return tuple(part for name, part in self._saved.items() if any(key[0] == service for key in name))

    def revert(self) -> None:
        """Takes back what was changed since the last save, in memory too."""
        with self.context.lock:
            used = {registry.key_of(backend) for backend in registry.take_used()}
            moto = {name: part for name, part in self._saved.items() if not is_own(name)}
            for key in used - {key for name in moto for key in name}:
                registry.remove(key)
            reached = _reached(used, moto)
            reached_parts = {name: part for name, part in moto.items() if not reached.isdisjoint(name)}
            self._restore(self._changed(reached_parts))

    def _changed(self, parts: dict[Name, Part]) -> dict[Name, Part]:
        """Those of the saved parts that memory has otherwise: most requests that are refused changed nothing."""
        try:
            now = self.parts.of_backends(key for name in parts for key in name)
        except (Unkept, OSError):
            return parts
        return {name: part for name, part in parts.items() if now.get(name) != part}

    def revert_own(self) -> bool:
        """Takes back what was changed in our own services since the last save; whether that was anything.

        Parts that are as they were saved stay the same objects: the control loop holds them.
        """
        with self.context.lock:
            saved = {name: part for name, part in self._saved.items() if is_own(name)}
            now = {own_name(*key): state for key, state in self.context.state.items()}
            as_saved = {name for name, state in now.items() if self._is_saved(name, state)}
            changed = {name: part for name, part in saved.items() if name not in as_saved}
            kept = {key: state for key, state in self.context.state.items() if own_name(*key) in as_saved}
            self.context.state = kept | self._restore(changed)
            return bool(changed)

    def _is_saved(self, name: Name, state: Any) -> bool:
        try:
            return self._saved.get(name) == self.parts.of_own(name[0][0], name[0][2], state)
        except (Unkept, OSError):
            return False

    def load(self) -> bool:
        """Whether there was a state to load. Raises StateUnreadable."""
        candidates = self.files.candidates()
        errors: list[str] = []
        for file in candidates:
            try:
                self._read(file)
            except Exception as error:
                log.exception("%s cannot be read", file)
                errors.append(f"{file} ({type(error).__name__}: {error})")
                continue
            if errors:
                aside = self.files.set_aside()
                self.trouble = f"{errors[0]} could not be read, it is kept as {aside}; the state before it is used"
                log.error("%s", self.trouble)
            return True
        if errors:
            raise StateUnreadable(
                f"The state of the local cloud cannot be read: {'; '.join(errors)}. Engines and their data are intact; "
                "`aura down` stops them. Mend the cause and start again, or `aura clean` begins anew."
            )
        return False

    def _save(self, keys: set[registry.Key]) -> None:
        made = self.parts.of_backends(keys)
        made |= {own_name(*key): self.parts.of_own(*key, state) for key, state in self.context.state.items()}
        changed = {name: part for name, part in made.items() if self._saved.get(name) != part}
        if not changed:
            return
        for name, part in changed.items():
            self.parts.verify(name, part)
        members = {key for name in changed for key in name}
        after = {name: part for name, part in self._saved.items() if not members & {*name}} | changed
        content = {name: (part.data, part.files, part.refers_to) for name, part in after.items()}
        self.files.replace(pickle.dumps({"format": _FORMAT, "parts": content}, pickle.HIGHEST_PROTOCOL))
        files = frozenset(file for part in after.values() for file in part.files)
        self.contents.keep(files | self._files)
        self._saved, self._files = after, files

    def _read(self, file: Path) -> None:
        registry.clear()
        content = Unpickler(file.read_bytes(), self.contents).load()
        if content.get("format") == _FORMAT:
            self._saved = {name: Part(*part) for name, part in content["parts"].items()}
            self._files = frozenset(file for part in self._saved.values() for file in part.files)
            self.parts.joined(self._saved)
            own = self._restore(self._saved)
        else:
            self._saved, own = {}, content["own"]
            for backend in content["moto"].values():
                registry.put(registry.key_of(backend), backend)
                registry.note({backend})
        self.context.state = own

    def _restore(self, parts: dict[Name, Part]) -> dict[tuple[str, str], Any]:
        """Puts moto's backends into place; returns our own state."""
        own: dict[tuple[str, str], Any] = {}
        for name, part in parts.items():
            read = self.parts.read(part)
            if is_own(name):
                own[name[0][0], name[0][2]] = read
                continue
            for key, attributes in read.items():
                backend = registry.get(key)
                vars(backend).clear()
                vars(backend).update(attributes)
        # Pickles of equal objects differ when other equal strings are one string: memory now equals the disk.
        self._saved |= self.parts.of_backends(key for name in parts if not is_own(name) for key in name)
        self._saved |= {own_name(*key): self.parts.of_own(*key, state) for key, state in own.items()}
        return own


def _reached(keys: set[registry.Key], parts: dict[Name, Part]) -> set[registry.Key]:
    """These backends and those that code reaches from them without asking for them."""
    reached: set[registry.Key] = set()
    todo = set(keys)
    while todo:
        reached |= todo
        todo = {k for name, part in parts.items() if not todo.isdisjoint(name) for k in {*part.refers_to, *name}}
        todo -= reached
    return reached
