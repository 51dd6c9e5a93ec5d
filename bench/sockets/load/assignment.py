"""What one load generator simulates, and where it connects."""

from __future__ import annotations

from dataclasses import dataclass

from bench.sockets.load.population import Population


@dataclass(frozen=True)
class Endpoints:
    """Addresses that one generator connects from and to; users are assigned to the targets round-robin."""

    sources: tuple[str, str]
    """For users with even and odd numbers. Linux searches one half of its 28,232 ports first: with more connections
    than that between two addresses, each connect takes a millisecond or more."""
    targets: dict[int, tuple[str, int]]
    """By their index among the endpoints of all generators."""
    ca_file: str | None
    """PEM file of the CA of the gateway's certificate; None without TLS."""


@dataclass(frozen=True)
class Assignment:
    """The part of the population simulated by one generator, and a token for each of its users, by number."""

    population: Population
    groups: list[int]
    endpoints: Endpoints
    tokens: dict[int, str]
