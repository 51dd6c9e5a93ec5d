"""One document out of several: what is published, who may ask, and names that stay apart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.auraservice import Auth, LimitBy, RateLimit, Route
from services.openapi.answers import resolved_answer
from services.openapi.components import PREFIX, references
from services.openapi.merge import Collision, Part, merged, operation_id
from services.openapi.publishing import Declared

HOST, OTHER = "api.example.com", "keys.example.com"
SERVERS = {host: {"url": f"https://{host}"} for host in (HOST, OTHER)}
INFO = {"title": "t", "version": "1"}
SCHEMAS = ["State", "Item", "Problem", "Page"]


def route(path: str, auth: Auth = Auth.JWT, host: str = HOST, limit: int | None = None) -> Route:
    by = LimitBy.USER if auth is Auth.JWT else LimitBy.IP
    counted = RateLimit(per_minute=limit, by=by) if limit else None
    return Route(host=host, path=path, auth=auth, rate_limit=counted)


def operation(*schemas: str, **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": {"anyOf": [{"$ref": PREFIX + name} for name in schemas] or [{}]}}}
    return {"responses": {"200": {"description": "ok", "content": content}}, **more}


def part(service: str, *paths: str, schemas: dict[str, Any] | None = None, **content: Any) -> Part:
    found = {path: {"get": content or operation(*(schemas or {}))} for path in paths}
    return Part(service, {"paths": found, "components": {"schemas": schemas or {}}})


def document(parts: list[Part], *declared: tuple[str, Route]) -> dict[str, Any]:
    return merged(parts, [Declared(*one) for one in declared], INFO, SERVERS)


def test_only_what_a_route_of_the_service_publishes_is_in_the_document() -> None:
    users = part(
        "users", "/v1/users", "/v1/users/{user}", "/v1/users-of-old", "/metrics", "/v1/other/x", "/v1/users/pay"
    )
    routes = [("users", route("/v1/users")), ("other", route("/v1/other")), ("other", route("/v1/users/pay"))]
    assert set(document([users], *routes)["paths"]) == {"/v1/users", "/v1/users/{user}"}


def test_what_another_port_serves_is_not_of_the_application() -> None:
    internal = Route(host=HOST, path="/v1/users", auth=Auth.JWT, port="admin")
    assert document([part("users", "/v1/users")], ("users", internal))["paths"] == {}


def test_the_route_of_the_longest_prefix_decides_whether_a_token_is_needed() -> None:
    paths = document(
        [part("pay", "/v1/pay/plans", "/v1/pay/hooks/stripe")],
        ("pay", route("/v1/pay/hooks", Auth.NONE)),
        ("pay", route("/v1/pay")),
    )["paths"]
    assert paths["/v1/pay/plans"]["get"]["security"] == [{"bearer": []}]
    assert paths["/v1/pay/hooks/stripe"]["get"]["security"] == []
    assert "401" in paths["/v1/pay/plans"]["get"]["responses"]
    assert "401" not in paths["/v1/pay/hooks/stripe"]["get"]["responses"]


def test_every_answer_has_a_trace_id_and_those_of_a_limited_route_what_is_left() -> None:
    found = document(
        [part("a", "/free"), part("b", "/limited")], ("a", route("/free")), ("b", route("/limited", limit=7))
    )
    free, limited = (
        {status: resolved_answer(answer, found) for status, answer in found["paths"][path]["get"]["responses"].items()}
        for path in ("/free", "/limited")
    )
    assert all("X-Trace-Id" in answer["headers"] for answer in [*free.values(), *limited.values()])
    assert "429" not in free
    assert "7 requests a minute of a person" in limited["429"]["description"]
    assert {"Retry-After", "RateLimit-Reset"} <= limited["429"]["headers"].keys()
    assert "RateLimit-Remaining" in limited["200"]["headers"]
    assert "RateLimit-Remaining" not in free["200"]["headers"]


def test_an_error_that_comes_more_than_once_is_written_once() -> None:
    found = document([part("a", "/a", "/b"), part("c", "/c")], ("a", route("/")), ("c", route("/c", limit=7)))
    answers = {path: item["get"]["responses"] for path, item in found["paths"].items()}
    assert answers["/a"]["401"] == answers["/b"]["401"] == {"$ref": "#/components/responses/Error401"}
    assert "headers" in answers["/c"]["401"], "this one has other headers, and comes once"
    assert all("content" in answer["200"] for answer in answers.values())


def test_what_a_service_answers_in_json_with_503_stays_beside_the_gateways() -> None:
    answers = {"200": {"description": "ok"}, "503": operation("Item")["responses"]["200"]}
    found = document([part("a", "/a", schemas={"Item": {}}, responses=answers)], ("a", route("/a")))
    content = found["paths"]["/a"]["get"]["responses"]["503"]["content"]
    assert set(references(content["application/json"])) == {"Item", "GatewayRefusal"}
    assert set(references(content["application/problem+json"])) == {"Problem"}


def test_a_path_of_another_host_has_its_server() -> None:
    found = document(
        [part("auth", "/keys", "/v1/auth")], ("auth", route("/v1/auth")), ("auth", route("/keys", host=OTHER))
    )
    assert found["servers"] == [SERVERS[HOST]]
    assert found["paths"]["/keys"]["servers"] == [SERVERS[OTHER]]
    assert "servers" not in found["paths"]["/v1/auth"]


def test_a_path_at_two_hosts_is_refused() -> None:
    with pytest.raises(Collision, match="/keys is published twice"):
        document([part("auth", "/keys")], ("auth", route("/keys")), ("auth", route("/keys", host=OTHER)))


def test_two_operations_of_one_id_are_refused_and_named() -> None:
    with pytest.raises(Collision, match="GET /v1/a-b and GET /v1/a/b have the same operationId, get_a_b"):
        document([part("a", "/v1/a-b", "/v1/a/b")], ("a", route("/")))


def test_an_operation_id_is_of_method_and_path() -> None:
    assert operation_id("put", "/v1/users/me/consents/{purpose}") == "put_users_me_consents_purpose"


def test_a_renamed_schema_has_the_new_name_as_its_title() -> None:
    schemas = {"State": {"title": "State", "type": "string"}}
    found = document(
        [part("a", "/a", schemas=schemas), part("b", "/b", schemas=schemas)], ("a", route("/a")), ("b", route("/b"))
    )
    titles = {name: schema["title"] for name, schema in found["components"]["schemas"].items() if "State" in name}
    assert titles == {"AState": "AState", "BState": "BState"}


def test_a_schema_that_is_called_as_another_one_with_its_service_in_front_is_refused() -> None:
    paths = {name: {"paths": {f"/{name}": {"get": operation("Item")}}} for name in ("a", "b")}
    paths["b"]["paths"]["/b"]["post"] = operation("AItem")
    for name, schemas in (("a", ["Item"]), ("b", ["Item", "AItem"])):
        paths[name]["components"] = {"schemas": {one: {"type": "object", "title": one} for one in schemas}}
    declared = [Declared(name, route(f"/{name}")) for name in ("a", "b")]
    with pytest.raises(Collision, match="schema AItem of b would be AItem, which another service has"):
        merged([Part(name, document) for name, document in paths.items()], declared, INFO, SERVERS)


links = st.lists(st.sampled_from(SCHEMAS), max_size=3)
graphs = st.fixed_dictionaries(dict.fromkeys(SCHEMAS, links))


@given(st.dictionaries(st.sampled_from(["auth", "users", "pay"]), st.tuples(graphs, links), min_size=1))
def test_every_reference_leads_to_the_schema_that_its_service_meant(
    services: dict[str, tuple[dict[str, list[str]], list[str]]],
) -> None:
    """Whatever names the services share, and however their schemas refer to each other; unused ones are left out."""
    parts = [
        Part(
            service,
            {
                "paths": {f"/{service}": {"get": operation(*uses)}},
                "components": {
                    "schemas": {
                        name: {"$comment": f"{service} {name}", "anyOf": [{"$ref": PREFIX + other} for other in others]}
                        for name, others in graph.items()
                    }
                },
            },
        )
        for service, (graph, uses) in services.items()
    ]
    found = document(parts, *((service, route(f"/{service}")) for service in services))
    schemas = found["components"]["schemas"]
    reached: set[str] = set()
    for service, (graph, uses) in services.items():
        answer = found["paths"][f"/{service}"]["get"]["responses"]["200"]["content"]
        waiting = list(zip(references(answer), uses, strict=True))
        while waiting:
            name, meant = waiting.pop()
            assert schemas[name]["$comment"] == f"{service} {meant}"
            if name not in reached:
                reached.add(name)
                waiting += zip(references(schemas[name]), graph[meant], strict=True)
    assert reached == {name for name, schema in schemas.items() if "$comment" in schema}
