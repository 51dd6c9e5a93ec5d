"""Which subjects the platform takes: one rule for its doors, its tables and its messages."""

import re

# OpenID Connect Core 1.0, section 2: `sub` is at most 255 ASCII characters. Printable and without space, double quote
# and backslash, it is the same text in JSON, in a header, in a table's key and on a terminal.
MAX_SUBJECT_LENGTH = 255
_SUBJECT = re.compile(rf"[!#-\[\]-~]{{1,{MAX_SUBJECT_LENGTH}}}")


def subject_error(subject: str) -> str:
    """Why a subject is not taken, for the person that reads it; empty when it is fine."""
    if _SUBJECT.fullmatch(subject):
        return ""
    if not subject:
        return "the subject is empty"
    if len(subject) > MAX_SUBJECT_LENGTH:
        return f"the subject has {len(subject)} characters; at most {MAX_SUBJECT_LENGTH} are taken"
    wrong = next(character for character in subject if not _SUBJECT.fullmatch(character))
    taken = "printable ASCII characters without space, double quote and backslash"
    return f"the subject contains {wrong!a}; it consists of {taken}"
