"""What the DNS server says to a message, whatever it is and whatever is in its zones."""

from __future__ import annotations

import logging

import pytest
from dnslib import QTYPE, RCODE, DNSRecord
from hypothesis import example, given
from hypothesis import strategies as st

from local.dns.evaluation import Answer, Code, Line
from local.dns.server import respond

NAME = "a.example.org."


def asked(type: str, *values: str, limit: int = 512) -> DNSRecord:
    lines = tuple(Line(NAME, type, 60, value) for value in values)
    question = DNSRecord.question(NAME, type).pack()
    reply = respond(bytes(question), "127.0.0.1", lambda *_: Answer(Code.FOUND, lines, "example.org."), limit)
    assert reply is not None
    return DNSRecord.parse(reply)


def test_a_value_is_answered() -> None:
    (record,) = asked("A", "10.0.0.1").rr
    assert (QTYPE.get(record.rtype), str(record.rdata)) == ("A", "10.0.0.1")


@pytest.mark.parametrize(("type", "value"), [("A", "not-ip"), ("MX", "mail."), ("A", ""), ("SPF", '"x"'), ("SRV", "x")])
def test_a_value_that_cannot_be_packed_is_a_failure_of_its_question_alone(
    caplog: pytest.LogCaptureFixture, type: str, value: str
) -> None:
    with caplog.at_level(logging.INFO):
        assert asked(type, value).header.rcode == RCODE.SERVFAIL
    (line,) = caplog.records
    assert NAME in line.getMessage()
    assert line.exc_info is None, "a traceback"


def test_an_answer_is_no_longer_than_its_length_can_say() -> None:
    values = [f'"{n:05}{"x" * 240}"' for n in range(300)]
    reply = asked("TXT", *values, limit=65535)
    assert reply.header.tc == 1
    assert not reply.rr


@given(st.binary(max_size=80))
@example(b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01")
def test_no_message_is_an_error(message: bytes) -> None:
    respond(message, "127.0.0.1", lambda *_: Answer(Code.NO_NAME), 512)
