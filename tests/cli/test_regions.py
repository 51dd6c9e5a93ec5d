"""How many regions a platform has is decided when it is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.deploy import regions
from cli.progress.steps import StepFailed
from local.plugins import one_region
from local.site import Site


def made(site: Site) -> None:
    """As pulumi leaves it."""
    state = site.home / "pulumi" / "state" / ".pulumi" / "stacks" / "aura" / "local.json"
    state.parent.mkdir(parents=True)
    state.touch()


def chosen(site: Site, asked: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    monkeypatch.setenv(regions.VARIABLE, asked)
    regions.choose(site)
    return regions.serving(site)


@pytest.mark.parametrize(("asked", "count"), [("", 2), ("2", 2), ("1", 1)])
def test_a_new_platform_has_as_many_as_asked_and_both_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, count: int
) -> None:
    site = Site(tmp_path)
    assert len(chosen(site, asked, monkeypatch)) == count
    made(site)
    assert len(chosen(site, "", monkeypatch)) == count


@pytest.mark.parametrize(("had", "asked"), [("1", "2"), ("2", "1")])
def test_another_number_is_refused_later_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, had: str, asked: str
) -> None:
    site = Site(tmp_path)
    chosen(site, had, monkeypatch)
    made(site)
    with pytest.raises(StepFailed, match=f"made with {had} of 2 regions, and REGIONS is {asked}"):
        chosen(site, asked, monkeypatch)
    assert one_region.file(site).exists() == (had == "1")


def test_a_platform_from_before_there_was_a_pair_keeps_its_one_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(Site(tmp_path))
    assert len(chosen(Site(tmp_path), "", monkeypatch)) == 1


def test_what_is_no_number_of_regions_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StepFailed, match="REGIONS is both; it must be 1 or 2"):
        chosen(Site(tmp_path), "both", monkeypatch)
