"""The state log: every position that it returned can be loaded again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dataflows.biosync.state import log as state_log
from dataflows.biosync.state.log import Position, StateLog, StateLogCorrupt


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_log, "SEGMENT", 2_000)


def grown(folder: Path, rounds: int, seed: int = 1) -> list[tuple[Position, dict[str, bytes]]]:
    """Positions and the expected states at each; users are added, changed and removed."""
    random_ = random.Random(seed)
    log = StateLog(folder, None)
    expected: dict[str, bytes] = {}
    history: list[tuple[Position, dict[str, bytes]]] = []
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
        history.append((log.append(changes, expected.__getitem__), dict(expected)))
    log.close()
    return history


def test_the_last_positions_can_be_loaded(tmp_path: Path) -> None:
    for back in range(1, 6):
        folder = tmp_path / str(back)
        position, expected = grown(folder, 200)[-back]
        assert StateLog(folder, position).load() == expected


def test_appending_resumes_from_an_earlier_position(tmp_path: Path) -> None:
    position, expected = grown(tmp_path, 100)[-3]
    log = StateLog(tmp_path, position)
    assert log.load() == expected
    position = log.append({"new": b"state"}, expected.__getitem__)
    log.close()
    assert StateLog(tmp_path, position).load() == {**expected, "new": b"state"}


def test_compaction_bounds_the_size_of_the_log(tmp_path: Path) -> None:
    _, expected = grown(tmp_path, 3_000)[-1]
    size = sum(path.stat().st_size for path in tmp_path.glob("*.log"))
    assert size < 20 * max(sum(map(len, expected.values())), state_log.SEGMENT)


def test_without_a_position_existing_segments_are_discarded(tmp_path: Path) -> None:
    grown(tmp_path, 50)
    assert StateLog(tmp_path, None).load() == {}


@pytest.mark.parametrize("damage", ["shorter", "flipped", "missing"])
def test_a_corrupt_log_is_detected_with_instructions(tmp_path: Path, damage: str) -> None:
    position, _ = grown(tmp_path, 50)[-1]
    path = tmp_path / f"{position[1]:012d}.log"
    data = bytearray(path.read_bytes())
    if damage == "shorter":
        path.write_bytes(data[:-3])
    elif damage == "flipped":
        data[-3] ^= 1
        path.write_bytes(data)
    else:
        path.unlink()
    with pytest.raises(StateLogCorrupt, match="delete its state"):
        StateLog(tmp_path, position).load()
