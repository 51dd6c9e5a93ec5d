"""Inputs of AWS operations, made from botocore's models: mostly what the model allows, sometimes a hostile string."""

from __future__ import annotations

import random
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from tests.fuzz.values import HOSTILE

_DEPTH = 4
_WORDS = ("fuzz-a", "fuzz-b", "fuzz-c")
_CIDRS = ("10.0.0.0/16", "10.0.1.0/24", "10.1.0.0/16", "192.168.0.0/24")
_POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'


class Known:
    """Values of earlier answers by the name of their member: with them later calls find what earlier ones made."""

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}

    def learn(self, answer: Any, service: str, name: str = "") -> None:
        if isinstance(answer, dict):
            for key, value in answer.items():
                self.learn(value, service, key)
        elif isinstance(answer, list):
            for value in answer[:5]:
                self.learn(value, service, name.removesuffix("s"))
        elif isinstance(answer, str) and name and 0 < len(answer) < 300:
            values = self._values.setdefault(f"{service}/{name.lower()}", [])
            if answer not in values:
                values.append(answer)
                del values[:-20]

    def of(self, service: str, name: str) -> list[str]:
        lower = name.lower()
        return self._values.get(f"{service}/{lower}", []) or self._values.get(
            f"{service}/{lower.removesuffix('s')}", []
        )


class Inputs:
    """Makes inputs of one service; what it makes depends on `chance` and on what `known` has."""

    def __init__(self, chance: random.Random, service: str, known: Known) -> None:
        self.chance = chance
        self.service = service
        self.known = known

    def of(self, shape: StructureShape | None) -> dict[str, Any]:
        """Required members, and some of the others."""
        return self._structure(shape, 0) if shape is not None else {}

    def required(self, shape: StructureShape | None) -> dict[str, Any]:
        """Required members alone."""
        return self._structure(shape, _DEPTH) if shape is not None else {}

    def _structure(self, shape: StructureShape, depth: int) -> dict[str, Any]:
        optional = 0.25 if depth < 2 else 0.1
        return {
            name: self._value(member, name, depth + 1)
            for name, member in shape.members.items()
            if name in shape.required_members or (depth < _DEPTH and self.chance.random() < optional)
        }

    def _value(self, shape: Shape, name: str, depth: int) -> Any:
        chance = self.chance
        if isinstance(shape, StructureShape):
            return self._structure(shape, depth)
        if isinstance(shape, ListShape):
            least = max(int(shape.metadata.get("min", 0)), 1)
            return [self._value(shape.member, name, depth + 1) for _ in range(min(least + chance.randrange(2), 3))]
        if isinstance(shape, MapShape):
            return {str(self._value(shape.key, "key", depth + 1)): self._value(shape.value, "value", depth + 1)}
        match shape.type_name:
            case "boolean":
                return chance.random() < 0.5
            case "integer" | "long" | "float" | "double" | "bigdecimal":
                least, most = int(shape.metadata.get("min", 0)), int(shape.metadata.get("max", 100))
                return chance.choice([least, most, chance.randint(min(least, most), max(least, most))])
            case "timestamp":
                return chance.choice([0, 1_700_000_000, 1_900_000_000])
            case "blob":
                return chance.choice([b"", b"fuzz", bytes(range(256))])
        return self._text(shape, name)

    def _text(self, shape: Shape, name: str) -> str:
        chance = self.chance
        if isinstance(shape, StringShape) and shape.enum:
            return chance.choice(shape.enum) if chance.random() < 0.95 else "bogus"
        known = self.known.of(self.service, name)
        if known and chance.random() < 0.7:
            return chance.choice(known)
        if chance.random() < 0.05:
            return chance.choice(HOSTILE)
        lower = name.lower()
        if "cidr" in lower:
            return chance.choice(_CIDRS)
        if "policy" in lower and "name" not in lower and "arn" not in lower:
            return _POLICY
        if "arn" in lower:
            return f"arn:aws:{self.service}:us-west-2:123456789012:thing/{chance.choice(_WORDS)}"
        text = chance.choice(_WORDS)
        least = int(shape.metadata.get("min", 0))
        return text + "x" * max(0, least - len(text))
