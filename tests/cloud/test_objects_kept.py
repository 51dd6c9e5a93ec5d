"""Objects of S3 in the state: each is pickled when it has changed, however many others there are."""

from __future__ import annotations

import copy
import io
import pickle
from pathlib import Path
from typing import Any

import pytest
from moto.s3.models import FakeKey

from local.cloud.state.objects import ObjectContents, Written
from local.cloud.state.pickling import Pickler, Unpickler, Verifier

NOT_STATE = {"_value_buffer", "lock", "_contents_file", "_written"}


def key(value: bytes = b"contents") -> Any:
    return FakeKey("name", value, "123456789012", "us-west-2")


def dumped(contents: ObjectContents, *keys: Any) -> bytes:
    file = io.BytesIO()
    Pickler(file, contents).dump(list(keys))
    return file.getvalue()


def loaded(contents: ObjectContents, data: bytes) -> Any:
    (found,) = Unpickler(data, contents).load()
    return found


@pytest.fixture
def contents(tmp_path: Path) -> ObjectContents:
    return ObjectContents(tmp_path)


def test_what_moto_changes_of_an_object_is_written_whether_in_place_or_not(contents: ObjectContents) -> None:
    one = key()
    assert loaded(contents, dumped(contents, one)).value == b"contents"
    one.set_metadata({"X-Amz-Meta-Who": "ada"})
    assert loaded(contents, dumped(contents, one)).metadata["x-amz-meta-who"] == "ada"
    one.set_metadata({"x-amz-meta-who": "eve"}, replace=True)
    assert loaded(contents, dumped(contents, one)).metadata["x-amz-meta-who"] == "eve"
    one.set_storage_class("GLACIER")
    assert loaded(contents, dumped(contents, one)).storage_class == "GLACIER"


def test_a_copy_is_written_as_an_object_of_its_own(contents: ObjectContents) -> None:
    one = key()
    dumped(contents, one)
    other = copy.deepcopy(one)
    other.name = "other"
    assert loaded(contents, dumped(contents, other)).name == "other"
    assert loaded(contents, dumped(contents, one)).name == "name"


def test_an_object_is_pickled_again_only_when_it_has_changed(contents: ObjectContents) -> None:
    written: list[dict[str, Any]] = []

    def write(state: dict[str, Any]) -> Written:
        written.append(state)
        return Written(pickle.dumps(len(written)), frozenset(), frozenset())

    one = key()
    first = contents.reduce(one, write)
    assert contents.reduce(one, write) == first and len(written) == 1
    one.set_metadata({"x-amz-meta-who": "ada"})
    assert contents.reduce(one, write) != first and len(written) == 2


def test_each_dump_names_the_contents_of_all_objects_changed_or_not(contents: ObjectContents) -> None:
    keys = key(b"one"), key(b"two")
    dumped(contents, *keys)
    files = contents.take_used()
    assert len(files) == 2
    keys[0].set_storage_class("GLACIER")
    dumped(contents, *keys)
    assert contents.take_used() == files


def test_contents_that_are_cut_off_are_noticed(contents: ObjectContents, tmp_path: Path) -> None:
    data = dumped(contents, key())
    Verifier(data, ObjectContents(tmp_path)).load()
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"cont")
    with pytest.raises(OSError, match="incomplete"):
        Verifier(data, ObjectContents(tmp_path)).load()


def test_a_state_in_which_objects_were_not_pickled_each_for_itself_is_read(contents: ObjectContents) -> None:
    one = key()
    _, (function, (folder, name, _)) = contents.reduce(one, lambda _: Written(b"", *[frozenset()] * 2))
    state = {attribute: value for attribute, value in vars(one).items() if attribute not in NOT_STATE}

    class Former:
        def __reduce__(self) -> tuple[Any, ...]:
            return function, (folder, name, state)

    assert loaded(contents, pickle.dumps([Former()])).value == b"contents"
