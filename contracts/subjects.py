"""Which subjects the platform takes: one rule for its doors, its tables and its messages."""

import re

# OpenID Connect Core 1.0, section 2: `sub` is at most 255 ASCII characters. Printable and without space, double quote
# and backslash, it is the same text in JSON, in a header, in a table's key and on a terminal.
MAX_SUBJECT_LENGTH = 255
CHARACTERS = r"\x21\x23-\x5b\x5d-\x7e"
"""Those characters, as what stands in brackets in a regular expression of `re` and PCRE2."""
TAKEN = "printable ASCII characters without space, double quote and backslash"
_SUBJECT = re.compile(rf"[{CHARACTERS}]{{1,{MAX_SUBJECT_LENGTH}}}")


def subject_error(subject: str) -> str:
    """Why a subject is not taken, for the person that reads it; empty when it is fine."""
    if _SUBJECT.fullmatch(subject):
        return ""
    if not subject:
        return "the subject is empty"
    if len(subject) > MAX_SUBJECT_LENGTH:
        return f"the subject has {len(subject)} characters; at most {MAX_SUBJECT_LENGTH} are taken"
    wrong = next(character for character in subject if not _SUBJECT.fullmatch(character))
    return f"the subject contains {wrong!a}; it consists of {TAKEN}"
