"""Making what is missing: once, all that can be made, and again only what is missing still."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local.site import CHECKOUT
from local.toolchain.provision.provisioner import Progress, ProvisionFailed, State, missing, provide
from tests.toolchain.recipes import FailingWhile, Writing, tool


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def nobody_else() -> None:
    pytest.fail("waited for another process")


def test_what_was_made_is_not_made_again(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    tools = [tool("a", Writing("a", diary)), tool("b", Writing("b", diary), lane="two")]
    first: list[Progress] = []
    provide(first.append, nobody_else, tools)
    assert {progress.tool.name for progress in first if progress.state is State.MADE} == {"a", "b"}

    second: list[Progress] = []
    provide(second.append, nobody_else, tools)
    assert [progress.state for progress in second] == [State.FOUND, State.FOUND]
    assert sorted(diary.read_text().split()) == ["a", "b"]


def test_a_failure_keeps_the_others_and_names_its_log_and_a_repetition_makes_only_the_rest(tmp_path: Path) -> None:
    diary, reason = tmp_path / "diary", tmp_path / "reason"
    reason.touch()
    tools = [
        tool("broken", FailingWhile(reason)),
        tool("dependent", Writing("dependent", diary), lane="two", needs=("broken",)),
        tool("good", Writing("good", diary)),
    ]
    with pytest.raises(ProvisionFailed) as failed:
        provide(lambda _: None, nobody_else, tools)
    assert "broken: there is a reason to fail" in str(failed.value)
    assert str(tmp_path / "cache" / "aura" / "logs" / "broken.log") in str(failed.value)
    assert "dependent: needs broken" in str(failed.value)
    assert [absent.name for absent in missing(tools)] == ["broken", "dependent"]
    assert diary.read_text().split() == ["good"]

    reason.unlink()
    provide(lambda _: None, nobody_else, tools)
    assert missing(tools) == []
    assert diary.read_text().split() == ["good", "dependent"]


PROVIDE = """
import sys
from pathlib import Path
from local.toolchain.provision.provisioner import provide
from tests.toolchain.recipes import Writing, tool
diary = Path(sys.argv[1])
provide(print, lambda: None, [tool(str(number), Writing(str(number), diary)) for number in range(40)])
"""


@pytest.mark.integration
def test_two_processes_at_once_make_each_tool_once(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    both = [
        subprocess.Popen([sys.executable, "-c", PROVIDE, str(diary)], cwd=CHECKOUT, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    assert sorted(map(int, diary.read_text().split())) == list(range(40))
