"""The live page asks the platform only while somebody views it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path

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


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[PlatformPoller]:
    page = PlatformPoller(Site(tmp_path))
    polling = asyncio.create_task(page.run())
    yield page
    polling.cancel()


async def polled(views: AsyncGenerator[View, None]) -> View:
    """The first view that has a snapshot."""
    async with asyncio.timeout(10):
        async for view in views:
            if view.platform is not None:
                return view
    raise AssertionError


async def test_nothing_is_polled_before_the_page_is_viewed(page: PlatformPoller, polls: list[Platform]) -> None:
    await asyncio.sleep(0.1)
    assert not polls
    async with aclosing(page.views(None)) as views:
        view = await polled(views)
    assert any(view.platform is one for one in polls)
    assert "no cluster" in view.store


async def test_nothing_is_polled_after_the_last_viewer_has_left(page: PlatformPoller, polls: list[Platform]) -> None:
    async with aclosing(page.views(None)) as first, aclosing(page.views(None)) as second:
        await polled(first)
        await polled(second)
        await second.aclose()
        before = len(polls)
        async with asyncio.timeout(10):
            async for _ in first:
                if len(polls) > before + 1:
                    break
    before = len(polls)
    await asyncio.sleep(0.3)
    assert len(polls) <= before + 1, "a poll that had begun ends, and no other begins"
    assert page.platform is None, "the next viewer is shown nothing old"
