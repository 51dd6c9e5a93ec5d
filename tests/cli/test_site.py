"""Which site a command is about, and what it says when that cannot be."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from local.depth import must_fit
from local.node.addons.haproxy import Slots, configuration
from local.node.addons.proxy import LONGEST_SOCKET
from local.site import NotASite, Site
from local.toolchain import tools
from tests.cli.commands import aura


@pytest.mark.parametrize("site", ["x", "12", "-1", "1.5"])
def test_a_wrong_number_of_the_site_is_told_with_what_it_may_be(tmp_path: Path, site: str) -> None:
    said = aura(tmp_path, "status", site=site)
    assert said.returncode == 2
    assert f"AURA_SITE is {site}" in said.stderr
    assert "0 to 9" in said.stderr


def test_the_site_is_0_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for unnamed in ("", None):
        monkeypatch.delenv("AURA_SITE", raising=False)
        if unnamed is not None:
            monkeypatch.setenv("AURA_SITE", unnamed)
        assert Site.current().index == 0
    with pytest.raises(NotASite, match="0 to 9"):
        Site(Path("/"), 10)


def home(length: int) -> Path:
    return Path("/" + "h" * (length - 1))


def test_a_home_too_deep_for_its_sockets_is_told_by_how_much_before_anything_starts(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    said = aura(deep, "up")
    assert said.returncode == 2
    assert not deep.exists()
    told = re.search(r"is (\d+) bytes too long.*whose path has at most (\d+) bytes", said.stderr)
    assert told and "AURA_HOME" in said.stderr
    over, most = map(int, told.groups())
    assert len(str(deep)) - over == most
    must_fit(Site(home(most)))
    with pytest.raises(NotASite, match="is 1 bytes too long"):
        must_fit(Site(home(most + 1)))


@pytest.mark.integration
def test_haproxy_takes_the_longest_socket_that_fits(tmp_path_factory: pytest.TempPathFactory) -> None:
    """And, whatever its pid, not one that has 13 bytes more."""
    folder = tmp_path_factory.mktemp("s")

    def checked(length: int) -> int:
        socket = folder / ("x" * (length - len(str(folder)) - 1))
        assert len(str(socket)) == length
        file = folder / "haproxy.cfg"
        file.write_text(configuration([], Slots(), socket, 10))
        return subprocess.run([tools.path("haproxy"), "-c", "-f", file], capture_output=True).returncode

    assert checked(LONGEST_SOCKET) == 0
    assert checked(LONGEST_SOCKET + 13) != 0
