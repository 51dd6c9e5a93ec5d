"""The index: its fields, the analyzers of the languages, and what an item is in it. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from services.content.schemas import EditedItem, Item, State

ANALYZERS = {
    "ar": "arabic",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hi": "hindi",
    "hu": "hungarian",
    "it": "italian",
    "ja": "cjk",
    "ko": "cjk",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "sv": "swedish",
    "tr": "turkish",
    "zh": "cjk",
}
"""Analyzer by language, all of which OpenSearch has without a plugin."""
OTHER = "standard"
"""Of every other language."""
TEXTS = ("title", "description")
FACETS = ("kind", "locale", "tags", "teacher", "entitlement")


def language(locale: str) -> str:
    """The part of a field's name that says by which analyzer it is read."""
    found = locale.partition("-")[0]
    return found if found in ANALYZERS else "other"


def index() -> dict[str, Any]:
    """Settings and mappings. A field that is not declared is refused: a typing error would be a field of its own."""
    texts = {
        f"{text}_{name}": {"type": "text", "analyzer": analyzer}
        for name, analyzer in {**ANALYZERS, "other": OTHER}.items()
        for text in TEXTS
    }
    properties = {
        "id": {"type": "long"},
        "published": {"type": "boolean"},
        "seconds": {"type": "integer"},
        "names": {"type": "text"},
        "suggest": {"type": "search_as_you_type"},
        **{facet: {"type": "keyword"} for facet in FACETS},
        "item": {"type": "object", "enabled": False},
        **texts,
    }
    return {
        "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
        "mappings": {"dynamic": "strict", "properties": properties},
    }


def digest() -> str:
    """Of the index as it is declared: an index with another one is built anew."""
    return hashlib.sha256(json.dumps(index(), sort_keys=True).encode()).hexdigest()[:12]


def document(item: EditedItem) -> dict[str, Any]:
    """The item in the index. One that is withdrawn stays, so that nothing older can come back in its place."""
    if item.state is not State.PUBLISHED:
        return {"id": item.id, "published": False}
    read_as = language(item.locale)
    return {
        "id": item.id,
        "published": True,
        "seconds": item.seconds,
        f"title_{read_as}": item.title,
        f"description_{read_as}": item.description,
        "names": [item.teacher, *item.tags],
        "suggest": item.title,
        **{facet: getattr(item, facet) for facet in FACETS},
        "item": item.model_dump(mode="json", include=set(Item.model_fields)),
    }
