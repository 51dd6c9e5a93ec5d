"""Which KMS keys can encrypt, in the words that callers are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.kms.models import Key, kms_backends

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.keys import KmsKey, kms_key
from tests.fixtures.cloud import REGION


@pytest.fixture
def key() -> Key:
    return kms_backends[ACCOUNT][REGION].create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)


def test_an_enabled_key_encrypts_by_each_of_its_names(key: Key) -> None:
    kms_backends[ACCOUNT][REGION].create_alias(key.id, "alias/test-states")
    of_alias = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/test-states"
    for name in (key.id, key.arn, "alias/test-states", of_alias):
        assert kms_key(REGION, name) == KmsKey(key.arn, "Enabled", "")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("Disabled", "is disabled"),
        ("PendingDeletion", "is being deleted"),
        ("PendingImport", "has the state PendingImport"),
    ],
)
def test_a_key_that_cannot_encrypt_is_refused_with_its_state(key: Key, state: str, words: str) -> None:
    key.key_state = state
    assert kms_key(REGION, key.id) == KmsKey(key.arn, state, f"The KMS key {key.id} {words}.")


def test_a_key_is_in_its_region(key: Key) -> None:
    assert kms_key("eu-west-1", key.arn).trouble == f"The KMS key {key.arn} does not exist in eu-west-1."


@given(st.text(max_size=40) | st.text(max_size=20).map("arn:{}".format) | st.text(max_size=20).map("alias/{}".format))
def test_an_unknown_key_is_refused_by_name(name: str) -> None:
    assert kms_key(REGION, name) == KmsKey("", "NotFound", f"The KMS key {name} does not exist in {REGION}.")
