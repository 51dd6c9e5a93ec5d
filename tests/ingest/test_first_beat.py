"""The first heart beat of docs/aws.md, by its own commands; here the service is on this machine, without a gateway."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from local.site import CHECKOUT
from tests.ingest.harness import Stream

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
ADDRESS = "wss://stream.aurawellness.com/v1/stream"


def documented() -> str:
    """The commands after "A first heart beat"."""
    section = (CHECKOUT / "docs" / "aws.md").read_text().partition("\nA first heart beat")[2]
    block = re.search(r"\n\n((?: {4}.*\n)+)", section)
    assert block
    return textwrap.dedent(block[1])


def test_a_first_heart_beat_is_acknowledged(stream: Stream, tmp_path: Path) -> None:
    aura = tmp_path / "aura"
    aura.write_text(f"#!/bin/sh\necho {stream.identity.token('ada')}\n")
    aura.chmod(0o755)
    commands = documented()
    assert ADDRESS in commands
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", commands.replace(ADDRESS, stream.url)],
        env={**os.environ, "PATH": f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}", "STACK": "prod"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout, done.returncode) == ('{"ack":1}\n', 0), done.stderr
