"""The rules of each service as a table: what AWS refuses, its error, and where it says so."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from local.cloud.strict.rules import TABLES
from local.cloud.svc.eks.rules import access, clusters, node_groups, pod_identity, templates
from local.cloud.svc.elasticache.rules import clusters as cache_clusters
from local.cloud.svc.elasticache.rules import creation, modification
from local.cloud.svc.msk import replicator_rules
from local.cloud.svc.msk import rules as msk
from local.cloud.svc.opensearch import rules as opensearch
from local.cloud.svc.rds.rules import table as rds

_SUBJECT = len(["local", "cloud", "strict"])
"""Where a table's name has its service, or what else it is about."""


@dataclass(frozen=True)
class Row:
    rule: str
    error: str
    source: str

    def __str__(self) -> str:
        page = self.source.rpartition("/")[2].removesuffix(".html")
        source = f"[{page}]({self.source})" if self.source.startswith("https:") else self.source
        return f"| {self.rule} | {self.error} | {source} |"


def rows(service: str) -> list[Row]:
    """Of one of our services, each once; none of one that makes nothing."""
    return list(dict.fromkeys(_ROWS.get(service, lambda: iter(()))()))


def of_moto() -> Iterator[tuple[str, str]]:
    """What a table of moto's services is about with its source, and the operations that it holds for."""
    for module in sorted(TABLES, key=lambda table: table.__name__.split(".")[_SUBJECT]):
        services = ", ".join(sorted({service for service, _ in module.RULES}))
        operations = ", ".join(sorted({operation for _, operation in module.RULES}))
        yield " ".join((module.__doc__ or "").split()), f"{services}: {operations}"


def _rds() -> Iterator[Row]:
    for rule in (*rds.NAMES.values(), *rds.RULES):
        yield Row(", ".join(rule.parameters), rule.code, rule.source)


def _elasticache() -> Iterator[Row]:
    for rule in (*creation.RULES, *cache_clusters.RULES, *modification.RULES):
        yield Row(rule.message, rule.code, rule.source)


def _eks() -> Iterator[Row]:
    tables: tuple[tuple[str, Iterable[Any]], ...] = (
        ("cluster", (*clusters.CLUSTER_RULES, *clusters.NETWORK_RULES)),
        ("node group", (*node_groups.RULES, *templates.TEMPLATE_RULES)),
        ("access entry", (*access.ENTRY_RULES, *access.SCOPE_RULES)),
        ("Pod Identity association", (*pod_identity.ASSOCIATION_RULES, *pod_identity.ROLE_RULES)),
    )
    for of, rules in tables:
        for rule in rules:
            yield Row(f"{of}: {_words(rule.broken)}", rule.code, rule.source)


def _msk() -> Iterator[Row]:
    for of, rules in (("cluster", msk.CREATION), ("replicator", replicator_rules.CREATION)):
        for rule, source in rules:
            yield Row(f"{of}: {_words(rule)}", "BadRequestException", source)


def _opensearch() -> Iterator[Row]:
    for rule, source in opensearch.RULES:
        yield Row(_words(rule), "ValidationException", source)


_ROWS: dict[str, Callable[[], Iterator[Row]]] = {
    **{"rds": _rds, "elasticache": _elasticache, "kafka": _msk, "opensearch": _opensearch, "eks": _eks},
}


def _words(rule: Callable[..., Any]) -> str:
    """The name of a function as words. A lambda calls one function, by whose name it goes."""
    if rule.__name__ == "<lambda>":
        called = next(name for name in rule.__code__.co_names if inspect.isfunction(rule.__globals__.get(name)))
        return called.strip("_").replace("_", " ")
    return rule.__name__.strip("_").replace("_", " ")
