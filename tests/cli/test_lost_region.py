"""What the command says of a region that is lost, or is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from cli import region, up
from cli.progress.steps import StepFailed
from local.loss import model
from local.loss.file import LossFile
from local.site import Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("AURA_HOME", str(tmp_path))
    return Site.current()


def test_the_platform_is_not_started_around_a_lost_region(site: Site) -> None:
    LossFile(site).change(lambda loss: model.kill(loss, "us-west-2"))
    with pytest.raises(StepFailed, match="aura region restore us-west-2"):
        up._cloud(site, lambda _: None)


def test_a_region_that_is_none_is_refused_and_nothing_is_lost(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (region.kill, region.partition, region.restore):
        with pytest.raises(typer.Exit) as exit:
            command("us-west-9")
        assert exit.value.exit_code == 2
        assert "us-west-2, us-east-1" in capsys.readouterr().err
    assert LossFile(site).current() == model.Loss()


def test_a_region_is_killed_and_restored(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    region.kill("us-west-2")
    assert "0 processes killed" in capsys.readouterr().out
    assert LossFile(site).current().killed == ("us-west-2",)
    region.restore("us-west-2")
    assert "reached again" in capsys.readouterr().out
    region.restore("us-west-2")
    assert "was there" in capsys.readouterr().out


def test_the_latency_is_set_and_a_damaged_file_is_told(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    region.latency(120)
    assert "120 ms" in capsys.readouterr().out
    with pytest.raises(typer.Exit):
        region.latency(-5)
    (site.home / "loss.json").write_text("damaged")
    with pytest.raises(typer.Exit):
        region.refuse_calls(True)
    assert "Remove it" in capsys.readouterr().err
