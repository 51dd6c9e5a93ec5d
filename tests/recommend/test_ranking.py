"""Whether what is offered suits the moment, judged on a small set by hand."""

from __future__ import annotations

import pytest

from contracts.records import Evidence
from local.toolchain import tools
from services.recommend.embedding import Embedder
from services.recommend.library import Library, catalogue
from services.recommend.need import CALMING, CRISIS, PANIC, Need, need_of

pytestmark = pytest.mark.integration  # the model comes with the tools

GOOD = {
    PANIC: {"panic", "panic attack", "racing heart", "fear", "slow breathing", "grounding", "immediate help"},
    CRISIS: {"crisis", "overwhelmed", "acute stress", "steady", "immediate help", "breath"},
    CALMING: {"calming", "relaxing", "relaxation", "gentle", "tension"},
}


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(Embedder(tools.model()), catalogue())


@pytest.mark.parametrize("need", GOOD, ids=lambda need: need.name)
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_first_answers_suit_the_need(library: Library, need: Need, language: str) -> None:
    best = library.suited(need, language, heard=[], limit=3)
    suiting = [item for item in best if GOOD[need] & set(item.tags)]
    assert best[0] in suiting
    assert len(suiting) >= 2
    assert all(item.minutes <= need.longest and item.language == language for item in best)


def test_what_was_heard_is_not_offered_again(library: Library) -> None:
    first, second = library.suited(PANIC, "en", heard=[], limit=2)
    assert library.suited(PANIC, "en", heard=[first.id])[0] == second


def test_the_rise_of_the_heart_rate_decides_how_acute_it_is() -> None:
    def need(heart_rate: float) -> Need:
        return need_of(Evidence(heart_rate, 62, 20, 45, 1, 9, 5, "gate", "1"))

    assert [need(rate) for rate in (70, 82, 100)] == [CALMING, CRISIS, PANIC]
