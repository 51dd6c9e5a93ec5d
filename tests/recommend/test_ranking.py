"""Quality of the ranking on a small set of relevance judgments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from contracts.preferences import Preferences
from local.toolchain import tools
from services.recommend.content.catalog import Catalog, Item, load_items
from services.recommend.content.embedding import Embedder
from tests.recommend.judgments import CALM, JUDGMENTS, PANIC, Judgment, kinds

pytestmark = pytest.mark.integration  # needs the model, which is one of the tools

FIRST_BEST = 0.8
"""Minimum fraction of situations in which the first result is among the best."""
NDCG_AT_3 = 0.85
"""Minimum mean normalised discounted cumulative gain of the first three (Järvelin and Kekäläinen 2002)."""
TOP = 3


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(tools.model())


@pytest.fixture(scope="module")
def catalog(embedder: Embedder) -> Catalog:
    return Catalog(embedder, load_items())


def gain(relevances: list[int]) -> float:
    return sum((2**relevance - 1) / math.log2(place + 2) for place, relevance in enumerate(relevances))


def ndcg(judgment: Judgment, results: list[Item]) -> float:
    criteria = judgment.criteria
    ideal = sorted(
        (
            judgment.relevance(item.title)
            for item in load_items()
            if item.language == criteria.language
            and item.minutes <= (criteria.max_minutes or 999)
            and item.id not in criteria.recently_played
        ),
        reverse=True,
    )
    return gain([judgment.relevance(item.title) for item in results]) / gain(ideal[:TOP])


def evaluate(catalog: Catalog, vectors: NDArray[np.float32]) -> tuple[float, float]:
    """Fraction of best first results and mean nDCG@3 over all situations."""
    results = [catalog.search(vector, each.criteria, TOP) for each, vector in zip(JUDGMENTS, vectors, strict=True)]
    first = [each.relevance(items[0].title) == 2 for each, items in zip(JUDGMENTS, results, strict=True)]
    ranked = [ndcg(each, items) for each, items in zip(JUDGMENTS, results, strict=True)]
    for each, items, value in zip(JUDGMENTS, results, ranked, strict=True):
        print(
            f"{value:.2f} {each.name:26} {' | '.join(f'{item.title} {each.relevance(item.title)}' for item in items)}"
        )
    print(f"best first {np.mean(first):.2f}, nDCG@3 {np.mean(ranked):.3f} over {len(JUDGMENTS)} situations")
    return float(np.mean(first)), float(np.mean(ranked))


def test_judgments_name_items_of_the_catalog() -> None:
    titles = {item.title for item in load_items()}
    assert len(JUDGMENTS) >= 20
    for judgment in JUDGMENTS:
        assert {*judgment.best.split("|"), *filter(None, judgment.good.split("|"))} <= titles, judgment.name


def test_results_are_relevant(embedder: Embedder, catalog: Catalog) -> None:
    first, ranked = evaluate(catalog, embedder.embed([judgment.text for judgment in JUDGMENTS]))
    assert first >= FIRST_BEST
    assert ranked >= NDCG_AT_3


def test_negated_queries_rank_far_below_the_minimum(embedder: Embedder, catalog: Catalog) -> None:
    """The minimum is meaningful: filters and preferences alone do not reach it."""
    _, ranked = evaluate(catalog, -embedder.embed([judgment.text for judgment in JUDGMENTS]))
    assert ranked < NDCG_AT_3 - 0.25


@pytest.mark.parametrize("judgment", JUDGMENTS, ids=lambda judgment: judgment.name)
def test_criteria_are_met(embedder: Embedder, catalog: Catalog, judgment: Judgment) -> None:
    criteria = judgment.criteria
    results = catalog.search(embedder.embed([judgment.text])[0], criteria, 10)
    assert results
    for item in results:
        assert item.language == criteria.language
        assert item.minutes <= (criteria.max_minutes or 0)
        assert item.id not in criteria.recently_played


def test_preferred_kinds_rank_first_among_suitable_items(embedder: Embedder, catalog: Catalog) -> None:
    def first(judgment: Judgment) -> Item:
        return catalog.search(embedder.embed([judgment.text])[0], judgment.criteria)[0]

    assert first(Judgment("", PANIC, "", preferences=kinds("breathing"))).kind == "breathing"
    assert first(Judgment("", PANIC, "", preferences=kinds("sleep story"))).kind != "sleep story"


def test_preferred_voices_rank_higher(embedder: Embedder, catalog: Catalog) -> None:
    def voices(judgment: Judgment) -> list[str]:
        return [item.voice for item in catalog.search(embedder.embed([judgment.text])[0], judgment.criteria, TOP)]

    assert voices(Judgment("", CALM, "")).count("Theo") < TOP
    assert voices(Judgment("", CALM, "", preferences=Preferences(voices=["Theo"]))) == ["Theo"] * TOP
