"""The local log: every moment that was appended can be loaded again, and damage is noticed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dataflows.biosync.place import Place
from dataflows.biosync.state import log as state_log
from dataflows.biosync.state.log import Content, StateLog, StateLogCorrupt


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_log, "SEGMENT", 2_000)


def grown(folder: Path, rounds: int, seed: int = 1) -> list[Content]:
    """What each append stood for; users are added, changed and removed."""
    random_ = random.Random(seed)
    log = StateLog(folder)
    log.reset()
    expected: dict[str, bytes] = {}
    history: list[Content] = []
    for i in range(rounds):
        changes: dict[str, bytes | None] = {
            f"u{random_.randrange(30)}": random_.randbytes(random_.randrange(20, 60)) for _ in range(8)
        }
        if i % 7 == 3 and expected:
            changes[random_.choice(sorted(expected))] = None
        for user, state in changes.items():
            expected.pop(user, None)
            if state is not None:
                expected[user] = state
        content = Content(1, Place("topic", i, 1000 + i), dict(expected), str(i).encode())
        log.append(1, content.place, changes, content.unwritten, expected.__getitem__)
        history.append(content)
    log.close()
    return history


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.log"))


def test_the_last_append_is_loaded_and_appending_goes_on(tmp_path: Path) -> None:
    last = grown(tmp_path, 200)[-1]
    log = StateLog(tmp_path)
    assert log.load() == last
    log.append(2, Place("topic", 900, 0), {"new": b"state"}, b"", last.states.__getitem__)
    log.close()
    assert StateLog(tmp_path).load() == Content(2, Place("topic", 900, 0), {**last.states, "new": b"state"}, b"")


@pytest.mark.parametrize("seed", range(20))
def test_a_log_that_ends_within_a_record_is_the_moment_before(tmp_path: Path, seed: int) -> None:
    """As a kill leaves it, or a power loss that damaged what was written last; compaction included."""
    random_ = random.Random(seed)
    history = grown(tmp_path, random_.randrange(20, 200), seed)
    path = segments(tmp_path)[-1]
    data = bytearray(path.read_bytes())
    if seed % 2:
        path.write_bytes(data[: -random_.randrange(1, 60)])
    else:
        data[-random_.randrange(1, 60)] ^= 1
        path.write_bytes(data)
    expected = history[-2]
    log = StateLog(tmp_path)
    found = log.load()
    if found is None:  # the segment had one record, and there is no other
        assert len(history) == 1
        return
    assert found == expected
    log.append(1, history[-1].place, {"new": b"state"}, b"", expected.states.__getitem__)
    log.close()
    loaded = StateLog(tmp_path).load()
    assert loaded is not None and loaded.states == {**expected.states, "new": b"state"}


def test_compaction_bounds_the_size_of_the_log(tmp_path: Path) -> None:
    last = grown(tmp_path, 3_000)[-1]
    size = sum(path.stat().st_size for path in segments(tmp_path))
    assert size < 20 * max(sum(map(len, last.states.values())), state_log.SEGMENT)


def test_a_reset_log_is_empty(tmp_path: Path) -> None:
    grown(tmp_path, 50)
    StateLog(tmp_path).reset()
    assert StateLog(tmp_path).load() is None


@pytest.mark.parametrize("damage", ["shorter", "flipped", "length", "missing", "of another version"])
def test_damage_before_the_end_is_noticed(tmp_path: Path, damage: str) -> None:
    grown(tmp_path, 50)
    path = segments(tmp_path)[1]
    data = bytearray(path.read_bytes())
    match damage:
        case "shorter":
            path.write_bytes(data[:-3])
        case "flipped":
            data[30] ^= 1
            path.write_bytes(data)
        case "length":  # of a record in the last segment: it seems to be cut off
            path = segments(tmp_path)[-1]
            data = bytearray(path.read_bytes())
            data[2] ^= 1
            path.write_bytes(data)
        case "missing":
            path.unlink()
        case _:
            path.write_bytes(state_log._framed(b"\x93\x01\x02\x03"))
    with pytest.raises(StateLogCorrupt, match=path.stem):
        StateLog(tmp_path).load()
