"""Whether what is offered suits the moment, on a small set judged by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from contracts.preferences import Preferences
from local.toolchain import tools
from services.recommend.content.catalog import Item, Library, catalogue
from services.recommend.content.embedding import Embedder
from tests.recommend.judgments import CALM, JUDGED, PANIC, Judged, kinds

pytestmark = pytest.mark.integration  # the model comes with the tools

FIRST_BEST = 0.8
"""Floor of the share of situations in which the first offer is among the best."""
NDCG_AT_3 = 0.85
"""Floor of the mean normalised discounted cumulative gain of the first three (Järvelin and Kekäläinen 2002)."""
SHOWN = 3


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(tools.model())


@pytest.fixture(scope="module")
def library(embedder: Embedder) -> Library:
    return Library(embedder, catalogue())


def gain(worths: list[int]) -> float:
    return sum((2**worth - 1) / math.log2(place + 2) for place, worth in enumerate(worths))


def ndcg(judged: Judged, offered: list[Item]) -> float:
    wish = judged.wish
    ideal = sorted(
        (
            judged.worth(item.title)
            for item in catalogue()
            if item.language == wish.language and item.minutes <= (wish.longest or 999) and item.id not in wish.heard
        ),
        reverse=True,
    )
    return gain([judged.worth(item.title) for item in offered]) / gain(ideal[:SHOWN])


def figures(library: Library, vectors: NDArray[np.float32]) -> tuple[float, float]:
    """Share of best first offers, and mean nDCG at 3, over all judged situations."""
    offered = [library.suited(vector, each.wish, SHOWN) for each, vector in zip(JUDGED, vectors, strict=True)]
    first = [each.worth(items[0].title) == 2 for each, items in zip(JUDGED, offered, strict=True)]
    ranked = [ndcg(each, items) for each, items in zip(JUDGED, offered, strict=True)]
    for each, items, value in zip(JUDGED, offered, ranked, strict=True):
        print(f"{value:.2f} {each.name:26} {' | '.join(f'{item.title} {each.worth(item.title)}' for item in items)}")
    print(f"best first {np.mean(first):.2f}, nDCG@3 {np.mean(ranked):.3f} over {len(JUDGED)} situations")
    return float(np.mean(first)), float(np.mean(ranked))


def test_the_judgements_name_items_of_the_catalogue() -> None:
    titles = {item.title for item in catalogue()}
    assert len(JUDGED) >= 20
    for judged in JUDGED:
        assert {*judged.best.split("|"), *filter(None, judged.good.split("|"))} <= titles, judged.name


def test_offers_are_those_that_people_would_choose(embedder: Embedder, library: Library) -> None:
    first, ranked = figures(library, embedder.embed([judged.text for judged in JUDGED]))
    assert first >= FIRST_BEST
    assert ranked >= NDCG_AT_3


def test_words_that_say_the_opposite_rank_far_below_the_floor(embedder: Embedder, library: Library) -> None:
    """The floors mean something: the bounds alone, language, length and likes, don't reach them."""
    _, ranked = figures(library, -embedder.embed([judged.text for judged in JUDGED]))
    assert ranked < NDCG_AT_3 - 0.25


@pytest.mark.parametrize("judged", JUDGED, ids=lambda judged: judged.name)
def test_bounds_are_kept(embedder: Embedder, library: Library, judged: Judged) -> None:
    wish = judged.wish
    offered = library.suited(embedder.embed([judged.text])[0], wish, 10)
    assert offered
    for item in offered:
        assert item.language == wish.language
        assert item.minutes <= (wish.longest or 0)
        assert item.id not in wish.heard


def test_what_is_liked_comes_first_among_what_suits(embedder: Embedder, library: Library) -> None:
    def first(judged: Judged) -> Item:
        return library.suited(embedder.embed([judged.text])[0], judged.wish)[0]

    assert first(Judged("", PANIC, "", likes=kinds("breathing"))).kind == "breathing"
    assert first(Judged("", PANIC, "", likes=kinds("sleep story"))).kind != "sleep story"


def test_a_liked_voice_is_heard_more_often(embedder: Embedder, library: Library) -> None:
    def voices(judged: Judged) -> list[str]:
        return [item.voice for item in library.suited(embedder.embed([judged.text])[0], judged.wish, SHOWN)]

    assert voices(Judged("", CALM, "")).count("Theo") < SHOWN
    assert voices(Judged("", CALM, "", likes=Preferences(voices=["Theo"]))) == ["Theo"] * SHOWN
