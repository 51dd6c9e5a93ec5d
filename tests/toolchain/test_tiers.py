"""A tier that runs no test, or leaves a process behind, fails."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from local.site import CHECKOUT
from tests.tiers import ON_DEMAND, TIERS, counts, end_leftovers, problem, run_tier


def test_a_tier_that_ran_nothing_fails() -> None:
    assert problem(code=0, ran=0, left=[]) == "FAILED: not a single test ran"
    assert problem(code=5, ran=0, left=[]) == "FAILED: not a single test ran"


def test_a_tier_that_left_a_process_fails() -> None:
    assert "left processes behind" in problem(code=0, ran=3, left=["7 kafka"])


def test_a_tier_that_ran_and_left_nothing_passes() -> None:
    assert problem(code=0, ran=3, left=[]) == ""


def test_skipped_tests_did_not_run() -> None:
    report = '<testsuites><testsuite tests="5" skipped="2"/><testsuite tests="1" skipped="1"/></testsuites>'
    assert counts(report) == (3, 3)


@pytest.mark.integration
def test_a_process_that_names_the_folder_is_found_and_killed(tmp_path: Path) -> None:
    left = subprocess.Popen([sys.executable, "-c", "input()", "--data", tmp_path / "data"], stdin=subprocess.PIPE)
    (command,) = end_leftovers(tmp_path, seconds=0)
    assert command.startswith(f"{left.pid} ")
    assert left.wait(20) == -9
    assert end_leftovers(tmp_path, seconds=0) == []


@pytest.mark.integration
@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("def test_something(): pass", ""),
        ("import pytest\n@pytest.mark.skip('never')\ndef test_something(): pass", "FAILED: not a single test ran"),
        ("", "FAILED: not a single test ran"),
        ("def test_something(): assert False", "FAILED: pytest ended with code 1"),
        (
            "import subprocess, sys\ndef test_something():\n"
            "    subprocess.Popen(['sleep', '3600'], start_new_session=True)\n",
            "FAILED: left processes behind",
        ),
    ],
)
def test_a_whole_tier(test: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.tiers.SECONDS_TO_END", 1.0)
    (tmp_path / "test_it.py").write_text(test)
    (tmp_path / "run").mkdir()
    result = run_tier("unit", tmp_path / "run", [str(tmp_path / "test_it.py"), "-p", "no:cacheprovider"])
    assert result.problem.startswith(expected)
    assert bool(result.problem) == bool(expected)


def test_every_marker_has_its_tier() -> None:
    """Otherwise tests with a new marker would count as unit tests; fuzz campaigns are no tests of a tier."""
    configuration = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    markers = {marker.split(":")[0] for marker in configuration["tool"]["pytest"]["ini_options"]["markers"]}
    assert markers - {"fuzz"} == (TIERS | ON_DEMAND).keys() - {"unit"}
    assert "not fuzz" in TIERS["unit"]
    assert all("not pair" in TIERS[tier] for tier in ("unit", "integration", "e2e"))
