"""The hash chain of the audit log: whatever is done to stored entries is found."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.auth.audit.chain import GENESIS, Entry, Verification, entry_hash, verify

TEXT = st.text(max_size=8)
ENTRIES = st.lists(st.builds(Entry, st.just(0), st.integers(0, 2**53), *[TEXT] * 3, st.dictionaries(TEXT, TEXT)))


def chained(entries: list[Entry]) -> list[tuple[Entry, bytes]]:
    result, previous = [], GENESIS
    for number, entry in enumerate(entries, start=1):
        numbered = replace(entry, number=number)
        previous = entry_hash(previous, numbered)
        result.append((numbered, previous))
    return result


@given(ENTRIES, st.integers(0))
def test_a_chain_verifies_as_a_whole_and_in_parts(entries: list[Entry], cut: int) -> None:
    chain = chained(entries)
    head = chain[-1][1] if chain else GENESIS
    assert verify(chain) == Verification(len(chain), head)
    first = verify(chain[: cut % (len(chain) + 1)])
    assert verify(chain[first.entries :], first.entries, first.head) == Verification(len(chain), head)


@given(ENTRIES.filter(bool), st.data())
def test_every_change_is_found_where_it_was_made(entries: list[Entry], data: st.DataObject) -> None:
    chain = chained(entries)
    at = data.draw(st.integers(0, len(chain) - 1))
    entry, stored = chain[at]
    kinds = ["content", "hash", *(["removed", "swapped"] if at + 1 < len(chain) else []), "inserted"]
    match data.draw(st.sampled_from(kinds)):
        case "content":
            changed = data.draw(st.sampled_from(["at", "actor", "action", "subject", "detail"]))
            value = {"at": entry.at + 1, "detail": {**entry.detail, "": entry.detail.get("", "") + "x"}}
            other = replace(entry, **{changed: value.get(changed, getattr(entry, changed) if changed == "at" else "∎")})
            chain[at] = (other, stored)
        case "hash":
            chain[at] = (entry, bytes([stored[0] ^ 1]) + stored[1:])
        case "removed":
            del chain[at]
        case "swapped":
            chain[at], chain[at + 1] = chain[at + 1], chain[at]
        case "inserted":
            chain.insert(at, (replace(entry, actor=entry.actor + "x"), stored))
    assert verify(chain).broken_at == at + 1


@given(TEXT, TEXT, TEXT)
def test_members_cannot_borrow_text_from_each_other(actor: str, action: str, more: str) -> None:
    one = Entry(1, 0, actor + more, action, "", {})
    other = Entry(1, 0, actor, more + action, "", {})
    assert (entry_hash(GENESIS, one) == entry_hash(GENESIS, other)) == (one == other)
