"""Values that a record of a type cannot have. Pure.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

Check = Callable[[str], str]
"""AWS's name for what is wrong with a value, and its explanation; empty for a value that can be."""

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_QUOTED = re.compile(rf"{_STRING.pattern}(?:\s*{_STRING.pattern})*", re.DOTALL)
_ESCAPED = re.compile(r"\\(?:[0-7]{3}|.)", re.DOTALL)
"""A character by its octal code, or one that would mean something else."""
_LONGEST = 255
"""Bytes of one string."""
_PRIORITIES = range(65536)


def trouble(type: str, value: str) -> str:
    """Why Route 53 does not take a value; empty when it does."""
    check = _CHECKS.get(type)
    found = check(value) if check else ""
    return f"Invalid Resource Record: FATAL problem: {found} encountered with '{value}'" if found else ""


def _ipv4(value: str) -> str:
    if " " in value:
        return "ARRDATANotSingleField (Value contains spaces)"
    return "" if _parses(IPv4Address, value) else "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"


def _ipv6(value: str) -> str:
    if " " in value:
        return "AAAARRDATANotSingleField (Value contains spaces)"
    return "" if _parses(IPv6Address, value) else "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"


def _mail(value: str) -> str:
    fields = value.split()
    if len(fields) != 2:
        return "MXRRDATANotTwoFields (MX record doesn't have 2 fields)"
    number = fields[0].isascii() and fields[0].isdigit() and int(fields[0]) in _PRIORITIES
    return "" if number else "MXRRDATAIllegalPriority (MX record's priority is not a number from 0 to 65535)"


def _text(value: str) -> str:
    """White space between strings may be left out."""
    if not _QUOTED.fullmatch(value.strip()):
        return "InvalidCharacterString (Value should be enclosed in quotation marks)"
    sizes = (len(_ESCAPED.sub("x", text).encode(errors="surrogatepass")) for text in _STRING.findall(value))
    return "CharacterStringTooLong (Value is too long)" if any(size > _LONGEST for size in sizes) else ""


def _parses(address: Callable[[str], object], value: str) -> bool:
    try:
        address(value)
    except ValueError:
        return False
    return True


_CHECKS: dict[str, Check] = {"A": _ipv4, "AAAA": _ipv6, "MX": _mail, "TXT": _text, "SPF": _text}
