"""Missing tools are built once; after a failure all others are built, and a repetition builds only the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local.site import CHECKOUT
from local.toolchain.provision.provisioner import Progress, ProvisionFailed, State, missing, provision
from tests.toolchain.recipes import FailingWhile, Writing, tool


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def no_other_process() -> None:
    pytest.fail("waited for another process")


def test_a_built_tool_is_not_built_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tools = [tool("a", Writing("a", log)), tool("b", Writing("b", log), lane="two")]
    first: list[Progress] = []
    provision(first.append, no_other_process, tools)
    assert {progress.tool.name for progress in first if progress.state is State.BUILT} == {"a", "b"}

    second: list[Progress] = []
    provision(second.append, no_other_process, tools)
    assert [progress.state for progress in second] == [State.FOUND, State.FOUND]
    assert sorted(log.read_text().split()) == ["a", "b"]


def test_a_failure_keeps_the_others_and_names_its_log_and_a_repetition_builds_only_the_rest(tmp_path: Path) -> None:
    log, failure = tmp_path / "log", tmp_path / "failure"
    failure.touch()
    tools = [
        tool("broken", FailingWhile(failure)),
        tool("dependent", Writing("dependent", log), lane="two", needs=("broken",)),
        tool("good", Writing("good", log)),
    ]
    with pytest.raises(ProvisionFailed) as failed:
        provision(lambda _: None, no_other_process, tools)
    assert "broken: the failure file exists" in str(failed.value)
    assert str(tmp_path / "cache" / "aura" / "logs" / "broken.log") in str(failed.value)
    assert "dependent: needs broken" in str(failed.value)
    assert [absent.name for absent in missing(tools)] == ["broken", "dependent"]
    assert log.read_text().split() == ["good"]

    failure.unlink()
    provision(lambda _: None, no_other_process, tools)
    assert missing(tools) == []
    assert log.read_text().split() == ["good", "dependent"]


PROVISION = """
import sys
from pathlib import Path
from local.toolchain.provision.provisioner import provision
from tests.toolchain.recipes import Writing, tool
log = Path(sys.argv[1])
provision(print, lambda: None, [tool(str(number), Writing(str(number), log)) for number in range(40)])
"""


@pytest.mark.integration
def test_two_concurrent_processes_build_each_tool_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    both = [
        subprocess.Popen([sys.executable, "-c", PROVISION, str(log)], cwd=CHECKOUT, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    assert sorted(map(int, log.read_text().split())) == list(range(40))
