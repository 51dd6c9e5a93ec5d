"""Values that people and programs really send where something else is expected."""

from __future__ import annotations

import copy
import random
from typing import Any

HOSTILE = [
    *("", " ", "\t", "\n", "a b", "-", "--", ".", "..", "../../etc/passwd", "/", "//", "*", "%", "%00", "%s", "%n"),
    *("a\u0000b", "\u0000", "\u0001", "\u007f", "\ufeff", "\u200b", "\u202e", "\u0661\u0662", "é", "e\u0301", "李雷"),
    *("💓", "👩‍👩‍👧", "𝒳", "\ufffd", "\ud800", "\udfff", "\u2028", "ﬀ", "İ", "ß"),
    *("'", '"', "`", "\\", "'; drop table hrv_1m; --", "$(A)", "${A}", "$$", "{{ .A }}", "<script>", "a\r\nX: y"),
    *("null", "true", "NaN", "0", "-1", "1e400", "0x10", "1_000", "١", "a" * 63, "a" * 64, "a" * 253, "a" * 300),
    *("A", "Zz", "redis", "kafka", "postgres", "rdsadmin", "default", "kube-system", "aura", "localhost", "0.0.0.0"),
]
NUMBERS = [0, -1, 1, 2, 3, 59, 60, 500, 501, 65535, 65536, 2**31, 2**53, 2**53 + 1, 2**63, 2**64, -(2**63), 1e18]
FLOATS = [0.0, -0.0, 0.5, 0.999, 1e-9, 1e9, 1e30, 1.9e9, 1e308]
DURATIONS = ["0s", "1ms", "1s", "60s", "90s", "45s", "24h", "7d", "90d", "999999d", "1y", "-1s", "1.5h", "PT1H", "1 d"]


def text(chance: random.Random) -> str:
    """A hostile string, two of them, or random characters of all planes."""
    kind = chance.random()
    if kind < 0.6:
        return chance.choice(HOSTILE)
    if kind < 0.8:
        return chance.choice(HOSTILE) + chance.choice(HOSTILE)
    if kind < 0.95:
        return "".join(chr(chance.choice([chance.randrange(32, 127), chance.randrange(1, 0x2FFF)])) for _ in range(12))
    return chance.choice("aé李") * chance.randrange(1, 5000)


def value(chance: random.Random, depth: int = 0) -> Any:
    """Any JSON value."""
    kind = chance.randrange(9 if depth < 2 else 6)
    if kind < 2:
        return text(chance)
    if kind == 2:
        return chance.choice(NUMBERS)
    if kind == 3:
        return chance.choice(FLOATS)
    if kind == 4:
        return chance.choice(DURATIONS)
    if kind == 5:
        return chance.choice([None, True, False])
    if kind == 6:
        return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {text(chance): value(chance, depth + 1) for _ in range(chance.randrange(4))}


def mutated(chance: random.Random, of: Any, times: int) -> Any:
    """A copy in which some members are replaced, left out, doubled or added."""
    made = copy.deepcopy(of)
    for _ in range(times):
        places = list(_places(made))
        if not places:
            return made
        holder, key = chance.choice(places)
        action = chance.random()
        if action < 0.65:
            holder[key] = _near(chance, holder[key])
        elif action < 0.8:
            del holder[key]
        elif isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            holder[text(chance)] = value(chance)
    return made


def _near(chance: random.Random, old: Any) -> Any:
    """A value of the same type in half of the cases."""
    if chance.random() < 0.5:
        return value(chance)
    if isinstance(old, bool) or old is None:
        return not old
    if isinstance(old, int | float):
        return chance.choice([old + 1, old - 1, -old, old * 1000, chance.choice(NUMBERS), chance.choice(FLOATS)])
    if isinstance(old, str) and old[:1].isdigit():
        return chance.choice(DURATIONS)
    if isinstance(old, str):
        return chance.choice([text(chance), old + text(chance), old.upper(), old * 40, old[:1]])
    return value(chance)


def _places(value: Any) -> Any:
    """Every member of the value at any depth, as its holder and key."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items):
        yield value, key
        yield from _places(item)
