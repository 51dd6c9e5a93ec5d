"""What an error of Kafka means: the brokers cannot be reached, or they refuse. Pure."""

from __future__ import annotations

_UNREACHABLE = frozenset(
    {
        "_ALL_BROKERS_DOWN",
        "_RESOLVE",
        "_SSL",
        "_TIMED_OUT",
        "_TIMED_OUT_QUEUE",
        "_TRANSPORT",
        "_WAIT_CACHE",
        "_WAIT_COORD",
        "BROKER_NOT_AVAILABLE",
        "COORDINATOR_LOAD_IN_PROGRESS",
        "COORDINATOR_NOT_AVAILABLE",
        "LEADER_NOT_AVAILABLE",
        "NETWORK_EXCEPTION",
        "NOT_CONTROLLER",
        "NOT_COORDINATOR",
        "REQUEST_TIMED_OUT",
    }
)
"""Transport and timeouts, and what a broker answers while it starts or moves a role: another attempt may succeed."""
_INVALID_TOPIC = "TOPIC_EXCEPTION"
"""librdkafka's name of error 17, which Kafka's protocol calls INVALID_TOPIC_EXCEPTION."""


def reason(name: str, text: str) -> str:
    """The reason of a refusal, one CamelCase word, as PolicyViolation for POLICY_VIOLATION; "" if the brokers cannot be
    reached. `name` is the name of Kafka's error code, `text` its message."""
    if name in _UNREACHABLE:
        return ""
    if name == _INVALID_TOPIC:
        return "TopicCollision" if "collide" in text.lower() else "InvalidTopic"
    return "".join(word.capitalize() for word in name.strip("_").split("_")) or "Unknown"


def collision(names: set[str], existing: set[str]) -> tuple[str, str] | None:
    """Two of the topics that differ by `.` and `_` only, at least one of them in `names`.

    Kafka refuses the second of them: in the names of its metrics both look the same.
    """
    seen = {name.replace(".", "_"): name for name in sorted(existing)}
    for name in sorted(names):
        other = seen.setdefault(name.replace(".", "_"), name)
        if other != name:
            return other, name
    return None
