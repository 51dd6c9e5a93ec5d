"""Which subjects are taken, and what a refusal says."""

import pytest

from contracts.subjects import MAX_SUBJECT_LENGTH, subject_error


@pytest.mark.parametrize(
    "subject", ["ada", "a", "o'brien@example.com", "auth0|65f1", "user:1/2~!", "x" * MAX_SUBJECT_LENGTH]
)
def test_printable_ascii_is_accepted(subject: str) -> None:
    assert subject_error(subject) == ""


@pytest.mark.parametrize(
    ("subject", "named"),
    [
        ("", "empty"),
        ("x" * (MAX_SUBJECT_LENGTH + 1), "256 characters"),
        ("a\0b", r"'\x00'"),
        ("a b", "' '"),
        ('a"b', "'\"'"),
        ("a\\b", r"'\\'"),
        ("ada\n", r"'\n'"),
        ("\x7f", r"'\x7f'"),
        ("zo\u00eb", r"'\xeb'"),
        ("\ud800", r"'\ud800'"),
    ],
)
def test_a_refused_character_is_named(subject: str, named: str) -> None:
    assert named in subject_error(subject)
    subject_error(subject).encode()
