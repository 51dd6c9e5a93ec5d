"""Copies topics of one cluster to another, and the offsets of consumer groups: the engine of an MSK replicator.

MirrorMaker 2 does it too. With a heap of 256 MB it takes 460 MB, on two busy processors it needs 40 seconds to start,
it says what it measures by JMX only, and copies again what it copied last when it is killed. Two regions have to fit on
a small machine. This process knows where each record came from, and so repeats none.
"""

from local.engines.kafka.replicator.engine import Replicator
from local.engines.kafka.replicator.plan import Plan

__all__ = ["Plan", "Replicator"]
