"""A bucket's objects in the state: what is read back is what was written; a change costs the blocks that it is in."""

from __future__ import annotations

import io
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.s3.models import FakeDeleteMarker, FakeKey
from moto.s3.utils import _VersionedKeyStore

from local.cloud.moto_backends.s3 import changed
from local.cloud.state import versions
from local.cloud.state.objects import ObjectContents
from local.cloud.state.pickling import Pickler, Unpickler, Verifier, _set_versions

NAMES = [f"name-{number}" for number in range(6)]
CHANGES = st.tuples(
    st.sampled_from(["put", "put", "mark", "replicated", "metadata", "storage", "drop", "forget", "reverse"]),
    st.sampled_from(NAMES),
    st.integers(0, 7),
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    changed.install()
    monkeypatch.setattr(versions, "RUN", 2)
    monkeypatch.setattr(versions, "BLOCK", 2)


@pytest.fixture
def contents(tmp_path: Path) -> Iterator[ObjectContents]:
    yield ObjectContents(tmp_path)


def key(name: str, value: bytes = b"contents") -> Any:
    return FakeKey(name, value, "123456789012", "us-west-2", is_versioned=True)


def written(contents: ObjectContents, store: _VersionedKeyStore) -> bytes:
    """The store as pickled; whatever it no longer refers to is deleted."""
    file = io.BytesIO()
    contents.take_used()
    Pickler(file, contents).dump(store)
    contents.keep(contents.take_used())
    Verifier(file.getvalue(), contents).load()
    return file.getvalue()


def shown(store: _VersionedKeyStore) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that a caller of S3 could see."""
    return {name: [_one(version) for version in found] for name, found in dict.items(store)}


def _one(version: Any) -> tuple[Any, ...]:
    if isinstance(version, FakeDeleteMarker):
        below = type(version.key), version.key.name
        return "marker", version.name, version.version_id, below, getattr(version, "aura_replication_status", "")
    return version.name, version.version_id, version.value, dict(version.metadata), version.storage_class


def change(store: _VersionedKeyStore, what: str, name: str, number: int) -> None:
    found: list[Any] = dict.get(store, name) or []
    one = found[number % len(found)] if found else None
    if what == "put":
        store[name] = key(name, f"{name} {number}".encode())
    elif what == "mark" and found:
        store[name] = FakeDeleteMarker(found[-1])
    elif what == "replicated" and isinstance(one, FakeDeleteMarker):
        one.aura_replication_status = str(number)  # pyright: ignore[reportAttributeAccessIssue]  as replication.py does
    elif what == "metadata" and isinstance(one, FakeKey):
        one.set_metadata({"x-amz-meta-number": str(number)})
    elif what == "storage" and isinstance(one, FakeKey):
        one.set_storage_class("GLACIER")
    elif what == "drop" and len(found) > 1:
        store.setlist(name, [version for version in found if version is not one])
    elif what == "forget" and found:
        dict.pop(store, name)
    elif what == "reverse" and found:
        found.reverse()


@given(st.lists(st.lists(CHANGES, max_size=6), max_size=12))
def test_whatever_is_changed_between_two_saves_is_read_back(saves: list[list[tuple[str, str, int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        contents, store = ObjectContents(Path(folder)), _VersionedKeyStore()
        for changes in saves:
            for each in changes:
                change(store, *each)
            data = written(contents, store)
            read = Unpickler(data, ObjectContents(Path(folder))).load()
            assert shown(read) == shown(store)


def test_a_change_writes_its_block_and_the_contents_and_no_other_file(contents: ObjectContents, tmp_path: Path) -> None:
    store = _VersionedKeyStore()
    for number in range(100):
        store[f"name-{number}"] = key(f"name-{number}")
    assert written(contents, store) == written(contents, store)
    before = {file.name for file in tmp_path.iterdir()}
    assert len(before) > 100 + 20, "blocks beside the contents"
    store["name-7"].set_storage_class("GLACIER")
    written(contents, store)
    after = {file.name for file in tmp_path.iterdir()}
    assert (len(after - before), len(before - after)) == (1, 1)
    store["name-7"] = key("name-7", b"other")
    written(contents, store)
    assert len({file.name for file in tmp_path.iterdir()} - after) == 2


def test_any_number_of_markers_on_each_other_can_be_kept(contents: ObjectContents) -> None:
    store = _VersionedKeyStore()
    store["name"] = key("name")
    for _ in range(2_000):
        store["name"] = FakeDeleteMarker(store["name"])
    assert shown(Unpickler(written(contents, store), contents).load()) == shown(store)


def test_a_version_that_was_deleted_below_its_marker_before_it_was_written_can_be_kept(
    contents: ObjectContents,
) -> None:
    store = _VersionedKeyStore()
    for what, number in ("put", 0), ("put", 1), ("mark", 0), ("drop", 1):
        change(store, what, "name", number)
    assert shown(Unpickler(written(contents, store), contents).load()) == shown(store)


def test_an_object_that_is_only_read_is_not_written_again(contents: ObjectContents, tmp_path: Path) -> None:
    store = _VersionedKeyStore()
    store["name"] = key("name")
    written(contents, store)
    before = {file.name for file in tmp_path.iterdir()}
    store["name"].advance()
    written(contents, store)
    assert {file.name for file in tmp_path.iterdir()} == before


def test_a_block_that_is_gone_is_noticed_and_written_again(contents: ObjectContents, tmp_path: Path) -> None:
    store = _VersionedKeyStore()
    store["name"] = key("name")
    data = written(contents, store)
    contents.keep([])
    with pytest.raises(OSError, match="No such file"):
        Verifier(data, ObjectContents(tmp_path)).load()
    vars(store["name"]).pop("_contents_file")
    assert shown(Unpickler(written(contents, store), ObjectContents(tmp_path)).load()) == shown(store)


def test_a_write_that_fails_is_made_up_for_by_the_next(
    contents: ObjectContents, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _VersionedKeyStore()
    store["name"] = key("name")
    written(contents, store)
    store["name"].set_storage_class("GLACIER")
    with monkeypatch.context() as patched:
        patched.setattr(contents, "write", _full)
        with pytest.raises(OSError, match="No space"):
            written(contents, store)
    assert shown(Unpickler(written(contents, store), contents).load())["name"][0][4] == "GLACIER"


def _full(data: bytes) -> str:
    raise OSError("No space left on device")


def test_a_state_from_before_blocks_is_read(contents: ObjectContents) -> None:
    class Former:
        def __reduce__(self) -> tuple[Any, ...]:
            return _VersionedKeyStore, (), {"name": ["one", "two"]}, None, None, _set_versions

    read = Unpickler(pickle.dumps(Former()), contents).load()
    assert dict(dict.items(read)) == {"name": ["one", "two"]}
