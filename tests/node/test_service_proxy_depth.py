"""The Service proxy in a deep folder: the paths of its sockets exceed the limit of 107 bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.node.addons.endpoints import ServicePort
from local.node.addons.haproxy import Slots
from local.node.addons.proxy import Shard
from tests.fixtures.engines import ScratchEnvironment

pytestmark = pytest.mark.integration


async def test_it_starts_reloads_and_answers_in_a_deep_folder(tmp_path: Path, scratch: ScratchEnvironment) -> None:
    folder = tmp_path / ("d" * 120)
    folder.mkdir()
    shard = Shard(folder, 0, 100)
    first, second = (ServicePort(scratch.addresses[-1], 8230 + n, "http") for n in range(2))
    try:
        assert await shard.load([first], Slots())
        assert await shard.load([first, second], Slots())
        assert f"{second.port}" in await shard.command("show stat")
    finally:
        shard.stop()
