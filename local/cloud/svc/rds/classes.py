"""The DB instance classes of RDS for PostgreSQL 15.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InstanceClass:
    name: str
    vcpu: int
    memory_gib: float


_SIZES = {
    "micro": 0.0625,
    "small": 0.125,
    "medium": 0.25,
    "large": 0.5,
    "xlarge": 1,
    **{f"{n}xlarge": n for n in (2, 4, 6, 8, 10, 12, 16, 24, 32, 48)},
}
"""Relative to xlarge, which has 4 vCPU."""
_LARGE = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"
_FAMILIES: tuple[tuple[str, int, str], ...] = (
    ("m5 m5d r5 r5d", 0, f"{_LARGE} 24xlarge"),
    ("r5b", 32, f"{_LARGE} 24xlarge"),
    ("m6g m6gd r6g r6gd m7g r7g", 0, _LARGE),
    ("m6i m6id r6i r6id m6in m6idn r6in r6idn", 0, f"{_LARGE} 24xlarge 32xlarge"),
    ("m7i r7i m8g r8g", 0, f"{_LARGE} 24xlarge 48xlarge"),
    ("x2g", 64, _LARGE),
    ("x2iedn", 128, "xlarge 2xlarge 4xlarge 8xlarge 16xlarge 24xlarge 32xlarge"),
    ("x2idn", 64, "16xlarge 24xlarge 32xlarge"),
)
"""Families, GiB of an xlarge (0: 16 of general purpose, 32 of memory optimised), sizes."""
_BURSTABLE = {"micro": 1.0, "small": 2.0, "medium": 4.0, "large": 8.0, "xlarge": 16.0, "2xlarge": 32.0}


def _all() -> dict[str, InstanceClass]:
    found = [
        InstanceClass(f"db.{family}.{size}", 8 if size == "2xlarge" else 4 if size == "xlarge" else 2, memory)
        for family in ("t3", "t4g")
        for size, memory in _BURSTABLE.items()
    ]
    for families, memory, sizes in _FAMILIES:
        for family in families.split():
            of_xlarge = memory or (32 if family.startswith("r") else 16)
            for size in sizes.split():
                found.append(InstanceClass(f"db.{family}.{size}", int(4 * _SIZES[size]), of_xlarge * _SIZES[size]))
    return {known.name: known for known in found}


CLASSES = _all()
