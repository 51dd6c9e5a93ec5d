"""Node types of Redis, with the memory that a node of each has for data and its own use.

Source: "Supported node types" and "Redis node-type specific parameters" in the user guide.
"""

from __future__ import annotations

MEMORY = {
    "cache.t2.micro": 581_959_680,
    "cache.t2.small": 1_665_138_688,
    "cache.t2.medium": 3_461_349_376,
    **{f"cache.{family}.micro": 536_870_912 for family in ("t3", "t4g")},
    **{f"cache.{family}.small": 1_471_026_299 for family in ("t3", "t4g")},
    **{f"cache.{family}.medium": 3_317_862_236 for family in ("t3", "t4g")},
    "cache.m4.large": 6_892_593_152,
    "cache.m4.xlarge": 15_328_501_760,
    "cache.m4.2xlarge": 31_889_126_359,
    "cache.m4.4xlarge": 65_257_290_629,
    "cache.m4.10xlarge": 166_047_614_239,
    **{f"cache.{family}.large": 6_854_542_746 for family in ("m5", "m6g", "m7g")},
    **{f"cache.{family}.xlarge": 13_891_921_715 for family in ("m5", "m6g", "m7g")},
    **{f"cache.{family}.2xlarge": 27_966_669_210 for family in ("m5", "m6g", "m7g")},
    **{f"cache.{family}.4xlarge": 56_116_178_125 for family in ("m5", "m6g", "m7g")},
    **{f"cache.{family}.8xlarge": 111_325_552_312 for family in ("m6g", "m7g")},
    **{f"cache.{family}.12xlarge": 168_715_971_994 for family in ("m5", "m6g", "m7g")},
    **{f"cache.{family}.16xlarge": 225_000_375_228 for family in ("m6g", "m7g")},
    "cache.m5.24xlarge": 337_500_562_842,
    "cache.r4.large": 13_201_781_556,
    "cache.r4.xlarge": 26_898_228_839,
    "cache.r4.2xlarge": 54_197_537_997,
    "cache.r4.4xlarge": 108_858_546_586,
    "cache.r4.8xlarge": 218_255_432_090,
    "cache.r4.16xlarge": 437_021_573_120,
    **{f"cache.{family}.large": 14_037_181_030 for family in ("r5", "r6g", "r7g")},
    **{f"cache.{family}.xlarge": 28_261_849_702 for family in ("r5", "r6g", "r7g")},
    **{f"cache.{family}.2xlarge": 56_711_183_565 for family in ("r5", "r6g", "r7g")},
    **{f"cache.{family}.4xlarge": 113_609_865_216 for family in ("r5", "r6g", "r7g")},
    **{f"cache.{family}.8xlarge": 225_000_375_228 for family in ("r6g", "r7g")},
    **{f"cache.{family}.12xlarge": 341_206_346_547 for family in ("r5", "r6g", "r7g")},
    **{f"cache.{family}.16xlarge": 450_000_750_456 for family in ("r6g", "r7g")},
    "cache.r5.24xlarge": 682_485_973_811,
}
"""Bytes, the default of the parameter maxmemory."""

TIERED = tuple(f"cache.r6gd.{size}" for size in ("xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"))
"""Types that keep part of the data on SSD."""

WITHOUT_BACKUP = ("cache.t1.micro",)


def modifications(node_type: str) -> tuple[list[str], list[str]]:
    """Types that a group of `node_type` can be scaled up to and down to."""
    own = MEMORY[node_type]
    others = sorted((memory, name) for name, memory in MEMORY.items() if name != node_type)
    return [n for memory, n in others if memory >= own], [n for memory, n in others if memory < own]
