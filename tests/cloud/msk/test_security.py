"""Which listeners a cluster has follows from its encryption and authentication; what does not fit is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.moto_backends.secrets import Secret
from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.scram import credentials, unfit
from local.cloud.svc.msk.security import check_security, default_transit, listeners
from local.cloud.svc.msk.users import change

switch = st.none() | st.booleans()


def enabled(value: bool | None) -> dict[str, Any]:
    return {} if value is None else {"Enabled": value}


@st.composite
def security(draw: st.DrawFn) -> dict[str, Any]:
    transit: dict[str, Any] = {}
    if broker := draw(st.sampled_from([None, "TLS", "TLS_PLAINTEXT", "PLAINTEXT"])):
        transit["ClientBroker"] = broker
    if (inner := draw(switch)) is not None:
        transit["InCluster"] = inner
    methods: dict[str, Any] = {"Sasl": {"Scram": enabled(draw(switch))}}
    if (anonymous := draw(switch)) is not None:
        methods["Unauthenticated"] = enabled(anonymous)
    encryption = default_transit({"EncryptionInTransit": transit} if transit else {})
    return {"EncryptionInfo": encryption, "ClientAuthentication": methods}


@given(security())
def test_accepted_clusters_have_a_listener_and_encrypt_what_has_a_name(inputs: dict[str, Any]) -> None:
    try:
        check_security(inputs)
    except AwsError as error:
        assert error.code == "BadRequestException"
        return
    found, transit = listeners(inputs), inputs["EncryptionInfo"]["EncryptionInTransit"]
    assert found.plaintext or found.tls or found.scram
    assert not found.plaintext or transit["ClientBroker"] != "TLS"
    assert not found.tls or transit["ClientBroker"] != "PLAINTEXT"
    assert not found.scram or (transit["InCluster"] and transit["ClientBroker"] != "PLAINTEXT")
    if inputs["ClientAuthentication"].get("Unauthenticated") == {"Enabled": False}:
        assert (found.plaintext, found.tls) == (False, False)


def test_encryption_is_the_default() -> None:
    found = listeners({"EncryptionInfo": default_transit({})})
    assert (found.plaintext, found.tls, found.scram, found.in_cluster_tls) == (False, True, False, True)


def test_clusters_of_older_states_stay_plaintext() -> None:
    found = listeners({})
    assert (found.plaintext, found.tls, found.in_cluster_tls) == (True, False, False)


def test_scram_alone_leaves_no_way_without_a_name() -> None:
    found = listeners(
        {"EncryptionInfo": default_transit({}), "ClientAuthentication": {"Sasl": {"Scram": enabled(True)}}}
    )
    assert (found.plaintext, found.tls, found.scram) == (False, False, True)


@pytest.mark.parametrize(
    "change", [{"ClientBroker": "PLAINTEXT"}, {"InCluster": False}, {"ClientBroker": "TLS_PLAINTEXT"}]
)
def test_scram_needs_encryption(change: dict[str, Any]) -> None:
    inputs = {
        "EncryptionInfo": default_transit({"EncryptionInTransit": change}),
        "ClientAuthentication": {"Sasl": {"Scram": enabled(True)}},
    }
    with pytest.raises(AwsError, match="needs"):
        check_security(inputs)


@given(
    st.text()
    | st.recursive(st.none() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)).map(json.dumps)
)
def test_texts_without_name_and_password_are_no_credentials(text: str) -> None:
    assert credentials(text) is None


NAMED = Secret("arn:a", "AmazonMSK_a", True, "v1", '{"username": "ann", "password": "p"}')


def test_why_a_secret_is_unfit() -> None:
    assert unfit("arn:a", NAMED, ()) is None
    assert unfit("arn:a", NAMED, ("arn:a",)) is not None
    assert unfit("arn:a", None, ()) is not None
    assert unfit("arn:a", Secret("arn:a", "AmazonMSK", True, "v1", NAMED.text), ()) is not None
    assert unfit("arn:a", Secret("arn:a", NAMED.name, False, "v1", NAMED.text), ()) is not None


def test_users_follow_their_secrets() -> None:
    new = change([("arn:a", NAMED)], ())
    assert (new.passwords, new.removed, new.after) == ({"ann": "p"}, set(), (("ann", "arn:a", "v1"),))
    assert change([("arn:a", NAMED)], new.after).passwords == {}
    renamed = Secret("arn:a", NAMED.name, True, "v2", '{"username": "bea", "password": "q"}')
    followed = change([("arn:a", renamed)], new.after)
    assert (followed.passwords, followed.removed) == ({"bea": "q"}, {"ann"})
    assert change([("arn:a", None)], new.after).after == new.after
    assert change([], new.after).removed == {"ann"}
