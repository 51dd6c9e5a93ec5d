"""What OpenSearch is asked, and what its answers say. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.content.schemas import Facet, Found, Item
from services.content.search.mapping import ANALYZERS, FACETS, language
from services.kit import cursor

FACET_VALUES = 20


@dataclass(frozen=True)
class Wanted:
    """None: any. `text` is what a person wrote."""

    text: str
    kind: str | None = None
    locale: str | None = None
    tag: str | None = None
    teacher: str | None = None
    entitlement: str | None = None
    max_seconds: int | None = None

    def filters(self) -> list[dict[str, Any]]:
        terms = {
            "kind": self.kind,
            "locale": self.locale,
            "tags": self.tag,
            "teacher": self.teacher,
            "entitlement": self.entitlement,
        }
        found: list[dict[str, Any]] = [{"term": {"published": True}}]
        found += [{"term": {field: value}} for field, value in terms.items() if value is not None]
        if self.max_seconds is not None:
            found.append({"range": {"seconds": {"lte": self.max_seconds}}})
        return found


def search(wanted: Wanted, limit: int, after: tuple[float, int] | None) -> dict[str, Any]:
    """The best first. A word may have one or two wrong letters, by its length, but not the first one."""
    languages = [language(wanted.locale)] if wanted.locale else [*ANALYZERS, "other"]
    fields = [
        f"{field}_{name}{weight}" for name in languages for field, weight in (("title", "^3"), ("description", ""))
    ]
    matching = {
        "query": wanted.text,
        "fields": [*fields, "names^2"],
        "fuzziness": "AUTO",
        "prefix_length": 1,
        "tie_breaker": 0.3,
        "minimum_should_match": "2<70%",
    }
    body: dict[str, Any] = {
        "query": {"bool": {"must": {"multi_match": matching}, "filter": wanted.filters()}},
        "aggs": {facet: {"terms": {"field": facet, "size": FACET_VALUES}} for facet in FACETS},
        "sort": [{"_score": "desc"}, {"id": "desc"}],
        "track_total_hits": True,
        "size": limit,
        "_source": ["item"],
    }
    if after is not None:
        body["search_after"] = [*after]
    return body


def found(answer: dict[str, Any], limit: int) -> Found:
    """The page that an answer holds, facets of all that was found included."""
    hits = answer["hits"]["hits"]
    following = None
    if len(hits) == limit:
        score, id = hits[-1]["sort"]
        following = cursor.encode(f"{float(score)!r}:{id}")
    return Found(
        total=answer["hits"]["total"]["value"],
        items=[Item.model_validate(hit["_source"]["item"]) for hit in hits],
        facets={
            facet: [Facet(value=one["key"], count=one["doc_count"]) for one in answer["aggregations"][facet]["buckets"]]
            for facet in FACETS
        },
        next=following,
    )


def suggestions(begun: str, locale: str | None, limit: int) -> dict[str, Any]:
    """Titles with the words that somebody has begun to write."""
    matching = {"query": begun, "type": "bool_prefix", "fields": ["suggest", "suggest._2gram", "suggest._3gram"]}
    filters = Wanted("", locale=locale).filters()
    query = {"bool": {"must": {"multi_match": {**matching, "operator": "and"}}, "filter": filters}}
    return {"query": query, "size": limit, "_source": ["item.title"]}


def suggested(answer: dict[str, Any]) -> list[str]:
    """Each title once."""
    return list(dict.fromkeys(hit["_source"]["item"]["title"] for hit in answer["hits"]["hits"]))
