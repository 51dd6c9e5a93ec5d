"""Prometheus metrics of recommend."""

from __future__ import annotations

from prometheus_client import Counter

answers = Counter("aura_recommend_answers_total", "Stress events answered; a repeat is not counted again", ["need"])
vectors = Counter("aura_recommend_vectors_total", "Vectors of queries, cached in Redis or computed", ["source"])
outcomes = Counter("aura_recommend_outcomes_total", "Pushes whose outcome was written to the store", ["outcome"])
refused_outcomes = Counter(
    "aura_recommend_refused_outcomes_total", "Outcomes that cannot be read, or that the store can never hold; dropped"
)
unreadable_preferences = Counter("aura_recommend_unreadable_preferences_total", "Invalid preferences, ignored")
