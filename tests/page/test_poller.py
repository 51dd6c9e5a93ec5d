"""The live page asks the platform only while somebody views it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from local.observe.model import Platform
from local.page import poller
from local.page.poller import PlatformPoller, View
from local.site import Site


@pytest.fixture
def polls(monkeypatch: pytest.MonkeyPatch) -> list[Platform]:
    """The snapshots that were taken; in place of the APIs, which no unit test reaches."""
    taken: list[Platform] = []

    def observe(*_: object) -> Platform:
        taken.append(Platform([], [], [], []))
        return taken[-1]

    monkeypatch.setattr(poller, "observe", observe)
    monkeypatch.setattr(poller, "PLATFORM_SECONDS", 0.01)
    monkeypatch.setattr(poller, "PEOPLE_SECONDS", 0.01)
    return taken


async def first_snapshot(page: PlatformPoller) -> View:
    async with asyncio.timeout(10), aclosing(page.views(None)) as views:
        async for view in views:
            if view.platform is not None:
                return view
    raise AssertionError


async def test_the_platform_is_polled_only_while_the_page_is_viewed(
    polls: list[Platform], tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AURA_HOME", str(tmp_path))
    page = PlatformPoller(Site.current())
    polling = asyncio.create_task(page.run())
    await asyncio.sleep(0.1)
    assert not polls

    view = await first_snapshot(page)
    assert view.platform is polls[0]
    assert "no cluster" in view.store

    await asyncio.sleep(0.05)  # a poll that had begun ends
    polled = len(polls)
    await asyncio.sleep(0.1)
    assert len(polls) == polled
    assert page.platform is None, "the next viewer is shown nothing old"

    async with aclosing(page.views(None)) as first, aclosing(page.views(None)) as second:
        await anext(first)
        await anext(second)
        await second.aclose()
        async with asyncio.timeout(10):
            async for _ in first:
                if len(polls) > polled + 2:
                    break
    polling.cancel()
