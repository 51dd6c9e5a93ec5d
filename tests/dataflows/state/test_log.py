"""The log of people's states: any position it gave can be read again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dataflows.biosync.state import log as statelog
from dataflows.biosync.state.log import Position, StateLog, StateLogCorrupt


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statelog, "SEGMENT", 2_000)


def grown(folder: Path, rounds: int, seed: int = 1) -> list[tuple[Position, dict[str, bytes]]]:
    """Positions and what was true at each; people change, come and go."""
    random_ = random.Random(seed)
    log = StateLog(folder, None)
    truth: dict[str, bytes] = {}
    history: list[tuple[Position, dict[str, bytes]]] = []
    for i in range(rounds):
        changes: dict[str, bytes | None] = {
            f"u{random_.randrange(30)}": random_.randbytes(random_.randrange(20, 60)) for _ in range(8)
        }
        if i % 7 == 3 and truth:
            changes[random_.choice(sorted(truth))] = None
        for user, state in changes.items():
            truth.pop(user, None)
            if state is not None:
                truth[user] = state
        history.append((log.append(changes, truth.__getitem__), dict(truth)))
    log.close()
    return history


def test_the_last_positions_can_be_read(tmp_path: Path) -> None:
    for back in range(1, 6):
        folder = tmp_path / str(back)
        position, truth = grown(folder, 200)[-back]
        assert StateLog(folder, position).load() == truth


def test_writing_goes_on_from_an_earlier_position(tmp_path: Path) -> None:
    position, truth = grown(tmp_path, 100)[-3]
    log = StateLog(tmp_path, position)
    assert log.load() == truth
    position = log.append({"new": b"state"}, truth.__getitem__)
    log.close()
    assert StateLog(tmp_path, position).load() == {**truth, "new": b"state"}


def test_the_log_stays_small_while_people_change_for_ever(tmp_path: Path) -> None:
    _, truth = grown(tmp_path, 3_000)[-1]
    size = sum(path.stat().st_size for path in tmp_path.glob("*.log"))
    assert size < 20 * max(sum(map(len, truth.values())), statelog.SEGMENT)


def test_without_a_position_the_log_is_empty_whatever_lies_there(tmp_path: Path) -> None:
    grown(tmp_path, 50)
    assert StateLog(tmp_path, None).load() == {}


@pytest.mark.parametrize("damage", ["shorter", "flipped", "missing"])
def test_a_damaged_log_is_noticed_and_says_what_to_do(tmp_path: Path, damage: str) -> None:
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
