"""The state in parts, each a pickle of its own: a backend of moto, or several that share objects; ours of a region.

A request that used one backend costs the pickling of one part. A part that cannot be kept names its backend and
leaves the others alone.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from local.cloud.moto_backends import registry
from local.cloud.moto_backends.registry import Key
from local.cloud.state.objects import ObjectContents
from local.cloud.state.pickling import Pickler, Unpickler, Verifier

Name = tuple[Key, ...]
"""Of a part: its backends, sorted."""


def own_name(service: str, region: str) -> Name:
    """Of our own state of a region: it belongs to no account of moto."""
    return ((service, "", region),)


def is_own(name: Name) -> bool:
    return not name[0][1]


class Unkept(Exception):
    """A part cannot be written, or what was written cannot be read: `service` is whose."""

    def __init__(self, service: str, why: BaseException) -> None:
        super().__init__(f"{service} ({type(why).__name__}: {why})")
        self.service = service


@dataclass(frozen=True)
class Part:
    data: bytes
    files: frozenset[str]
    """Contents of objects that it refers to."""
    refers_to: frozenset[Key] = field(default=frozenset(), compare=False)
    """Backends that code reaches from it without asking for them."""


class Parts:
    """Writes and reads parts; finds out which backends share objects, and puts those into one part."""

    def __init__(self, contents: ObjectContents) -> None:
        self.contents = contents
        self._part_of: dict[Key, Name] = {}
        self._instances: dict[Name, set[int]] = {}
        """Ids of the instances in a part. One that has ended may name another object: then parts are joined in vain."""
        self._owner: dict[int, Name] = {}

    def joined(self, names: Iterable[Name]) -> None:
        """Tells which backends the state on disk has in one part."""
        for name in names:
            self._part_of.update(dict.fromkeys(name, name))

    def of_backends(self, keys: Iterable[Key]) -> dict[Name, Part]:
        """The parts of these backends, and of those that code reaches from them. Raises Unkept, OSError."""
        made: dict[Name, Part] = {}
        todo = list(keys)
        while todo:
            key = todo.pop()
            name = self._part_of.setdefault(key, (key,))
            if name in made:
                continue
            part, sharing = self._write(name, {key: vars(registry.get(key)) for key in name})
            if sharing:
                for old in sharing:
                    made.pop(old, None)
                    self._forget(old)
                self.joined([tuple(sorted({*name, *(key for old in sharing for key in old)}))])
                todo.append(key)
            else:
                made[name] = part
                todo.extend(part.refers_to)
        return made

    def of_own(self, service: str, region: str, state: Any) -> Part:
        """Our own state of a region. Raises Unkept."""
        return self._write(own_name(service, region), state)[0]

    def verify(self, name: Name, part: Part) -> None:
        """Raises Unkept unless the part can be read."""
        try:
            Verifier(part.data, self.contents).load()
        except Exception as error:
            raise Unkept(name[0][0], error) from error

    def read(self, part: Part) -> Any:
        """What was written. Raises whatever the classes in it raise."""
        return Unpickler(part.data, self.contents).load()

    def _write(self, name: Name, state: Any) -> tuple[Part, set[Name]]:
        """The part, and the names of the other parts that have some of its instances."""
        self._forget(name)
        self.contents.take_used()
        file = io.BytesIO()
        pickler = Pickler(file, self.contents)
        try:
            pickler.dump(state)
        except OSError:
            raise
        except Exception as error:
            raise Unkept(name[0][0], error) from error
        sharing = {self._owner[id] for id in pickler.instances & self._owner.keys()}
        self._instances[name] = pickler.instances
        self._owner.update(dict.fromkeys(pickler.instances, name))
        part = Part(file.getvalue(), self.contents.take_used(), frozenset(pickler.backends - {*name}))
        return part, sharing

    def _forget(self, name: Name) -> None:
        for instance in self._instances.pop(name, ()):
            if self._owner.get(instance) == name:
                del self._owner[instance]
