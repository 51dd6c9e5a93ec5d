"""The gateway's credentials, from the secrets that a service declares as its token keys."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from contracts import signing_keys
from contracts.auraservice import AuraServiceSpec
from local.gateway.objects import KongConsumer, Secret
from local.gateway.routing.credentials import collect
from operators.auraservice import token_keys
from operators.auraservice.desired import desired
from operators.kubernetes.conditions import State
from operators.kubernetes.manifest import Manifest, derived_name
from services.auth import signing
from tests.operators.samples import OWNER, dependencies, service

SECRETS = {"SIGNING_KEY": "auth/signing-key", "PREVIOUS": "auth/signing-key:AWSPREVIOUS"}


def declared() -> AuraServiceSpec:
    return service(secrets=SECRETS, tokenKeys=["SIGNING_KEY", "PREVIOUS"])


def pem() -> str:
    return ECKey.generate_key("P-256").as_pem(private=True).decode()


def made(current: str, previous: str = "") -> list[Manifest]:
    return token_keys.credentials(OWNER, declared(), {"SIGNING_KEY": current, "PREVIOUS": previous})


def published(current: str, previous: str) -> list[str]:
    """Key ids of the auth service's JWKS."""
    return sorted(str(key["kid"]) for key in signing.jwks(signing_keys.load_all(current, previous))["keys"])


@pytest.mark.parametrize("previous", ["", "no key", "another", "the same"])
def test_the_gateway_takes_exactly_the_keys_that_the_service_publishes(previous: str) -> None:
    current = pem()
    before = {"another": pem(), "the same": current}.get(previous, previous)
    *secrets, consumer = made(current, before)
    read = [Secret.model_validate(one) for one in secrets]
    found = collect([KongConsumer.model_validate(consumer)], {one.key: one for one in read})
    assert [one.key for one in found.usable] == published(current, before)
    assert {one.algorithm for one in found.usable} == {"ES256"}
    assert set(found.problems.values()) == {()}


def test_no_private_key_is_in_a_credential() -> None:
    for secret in made(pem(), pem())[:-1]:
        assert "PRIVATE" not in "".join(base64.b64decode(one).decode() for one in secret["data"].values())
        assert set(secret["data"]) == {"key", "algorithm", "rsa_public_key"}


def test_a_rotation_keeps_the_credential_of_the_key_before_and_drops_the_one_before_it() -> None:
    oldest, old, new = pem(), pem(), pem()
    names = [{one["metadata"]["name"] for one in made(*pair)[:-1]} for pair in ((old, oldest), (new, old))]
    (kept,) = names[0] & names[1]
    assert kept == derived_name("ingest-token-key", "ingest", signing_keys.load(old).kid or "")
    assert [len(one) for one in names] == [2, 2]


def test_secrets_come_before_the_consumer_that_names_them_and_before_the_pods_that_sign() -> None:
    known = dependencies(secrets={"SIGNING_KEY": pem(), "PREVIOUS": pem()})
    objects = desired(OWNER, declared(), known)
    kinds = [one["kind"] for one in objects]
    at = kinds.index("KongConsumer")
    secrets, consumer = objects[at - 2 : at], objects[at]
    assert [one["kind"] for one in secrets] == ["Secret", "Secret"]
    assert consumer["credentials"] == sorted(one["metadata"]["name"] for one in secrets)
    assert consumer["metadata"]["annotations"]["kubernetes.io/ingress.class"] == "kong"
    assert all(one["metadata"]["labels"]["konghq.com/credential"] == "jwt" for one in secrets)
    assert at < kinds.index("Deployment")
    assert "KongConsumer" not in [one["kind"] for one in desired(OWNER, service(), dependencies())]


@pytest.mark.parametrize("current", ["", "not one", RSAKey.generate_key(2048).as_pem(private=True).decode(),
                                     ECKey.generate_key("P-384").as_pem(private=True).decode()])  # fmt: skip
def test_a_current_value_that_is_no_key_is_named_and_not_quoted(current: str) -> None:
    finding = token_keys.invalid(declared(), {"SIGNING_KEY": current, "PREVIOUS": pem()})
    assert finding is not None
    assert (finding.state, finding.reason) == (State.BROKEN, "KeyInvalid")
    assert "auth/signing-key" in finding.message
    assert not current or current not in finding.message
    assert token_keys.invalid(declared(), {"SIGNING_KEY": pem()}) is None


def consumer(*conditions: dict[str, Any]) -> list[Manifest]:
    return [
        {
            "kind": "KongConsumer",
            "metadata": {"name": "auth", "generation": 2},
            "credentials": ["a", "b"],
            "status": {"conditions": list(conditions)},
        }
    ]


def condition(status: str, generation: int = 2, reason: str = "Invalid") -> dict[str, Any]:
    about = {"reason": reason, "message": 'credential "a" failure'}
    return {"type": "Programmed", "status": status, "observedGeneration": generation, **about}


@pytest.mark.parametrize(
    ("live", "served", "state", "reason"),
    [
        ([], False, State.BROKEN, "NoKong"),
        ([], True, State.WAITING, "ConsumerMissing"),
        (consumer(), True, State.WAITING, "NoGatewayYet"),
        (consumer(condition("Unknown")), True, State.WAITING, "NoGatewayYet"),
        (consumer(condition("True", 1)), True, State.WAITING, "NoGatewayYet"),
        (consumer(condition("False", reason="Pending")), True, State.WAITING, "NoGatewayYet"),
        (consumer(condition("False")), True, State.BROKEN, "Invalid"),
        (consumer(condition("True")), True, State.GOOD, "Programmed"),
    ],
)
def test_the_condition_says_what_the_gateway_reports(
    live: list[Manifest], served: bool, state: State, reason: str
) -> None:
    finding = token_keys.programmed(live, served)
    assert (finding.state, finding.reason) == (state, reason)
