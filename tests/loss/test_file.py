"""The loss on disk is whole at every moment, for every process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.loss import model
from local.loss.file import LossFile, Unreadable
from local.loss.model import Invalid, Loss
from local.site import CHECKOUT, Site

_ENDLESS = """
import sys
from pathlib import Path
from local.loss import model
from local.loss.file import LossFile
from local.site import Site
file = LossFile(Site(Path(sys.argv[1])))
print("begun", flush=True)
while True:
    file.change(lambda loss: model.kill(loss, "us-west-2"))
    file.change(lambda loss: model.restore(loss, "us-west-2"))
"""


def test_nothing_is_lost_without_a_file_and_a_change_is_seen_by_others(tmp_path: Path) -> None:
    mine, others = LossFile(Site(tmp_path)), LossFile(Site(tmp_path))
    assert others.current() == Loss()
    mine.change(lambda loss: model.partition(loss, "us-west-2"))
    assert others.current().cut == ("us-west-2",)
    mine.change(lambda loss: model.restore(loss, "us-west-2"))
    assert others.current() == Loss()


def test_changes_at_once_are_all_made(tmp_path: Path) -> None:
    def add(latency: int) -> None:
        LossFile(Site(tmp_path)).change(lambda loss: model.delayed(loss, loss.latency_ms + latency))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(20)))
    assert LossFile(Site(tmp_path)).current().latency_ms == 60 + sum(range(20))


def test_a_change_that_is_refused_changes_nothing(tmp_path: Path) -> None:
    file = LossFile(Site(tmp_path))
    file.change(lambda loss: model.delayed(loss, 80))
    with pytest.raises(Invalid):
        file.change(lambda loss: model.delayed(loss, -1))
    assert file.current().latency_ms == 80


def test_whoever_changes_it_may_be_killed_at_any_moment(tmp_path: Path) -> None:
    for _ in range(3):
        command = [sys.executable, "-c", _ENDLESS, str(tmp_path)]
        with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stdout.readline()
            for _ in range(50):
                LossFile(Site(tmp_path)).current()
            os.kill(process.pid, signal.SIGKILL)
        assert LossFile(Site(tmp_path)).current() in (Loss(), Loss(killed=("us-west-2",)))
    LossFile(Site(tmp_path)).change(lambda loss: model.restore(loss, "us-west-2"))


def test_a_damaged_file_is_refused_and_kept(tmp_path: Path) -> None:
    file = LossFile(Site(tmp_path))
    file.path.write_text('{"killed": 1')
    with pytest.raises(Unreadable, match="Remove it"):
        file.current()
    with pytest.raises(Unreadable):
        file.change(lambda loss: model.kill(loss, "us-west-2"))
    assert file.path.read_text() == '{"killed": 1'
