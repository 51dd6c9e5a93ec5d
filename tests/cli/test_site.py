"""The site of a command, and the error for an invalid one."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.site import InvalidSite, Site
from tests.cli.commands import aura


@pytest.mark.parametrize("site", ["x", "12", "-1", "1.5"])
def test_an_invalid_site_number_is_reported_with_the_valid_ones(tmp_path: Path, site: str) -> None:
    result = aura(tmp_path, "status", site=site)
    assert result.returncode == 2
    assert f"AURA_SITE is {site}" in result.stderr
    assert "0 to 9" in result.stderr


def test_the_site_is_0_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for unnamed in ("", None):
        monkeypatch.delenv("AURA_SITE", raising=False)
        if unnamed is not None:
            monkeypatch.setenv("AURA_SITE", unnamed)
        assert Site.current().index == 0
    with pytest.raises(InvalidSite, match="0 to 9"):
        Site(Path("/"), 10)


def test_a_home_that_is_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("AURA_HOME", str(file))
    monkeypatch.delenv("AURA_SITE", raising=False)
    with pytest.raises(InvalidSite, match="which is a file"):
        Site.current()
