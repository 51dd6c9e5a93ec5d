"""Pages: every entry once, in order, whatever the limit; what is no limit or no token is refused."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.cloud.service.errors import AwsError
from local.cloud.service.paging import page
from tests.fixtures.cloud import Cloud, code_of

OPERATIONS = [
    ("rds", "DescribeDBInstances", "MaxRecords", "Marker", "DBInstances", 20),
    ("elasticache", "DescribeCacheParameters", "MaxRecords", "Marker", "Parameters", 20),
    ("kafka", "ListClustersV2", "MaxResults", "NextToken", "ClusterInfoList", 1),
    ("eks", "ListAddons", "maxResults", "nextToken", "addons", 1),
]


@pytest.mark.parametrize(("service", "operation", "limit", "token", "result", "least"), OPERATIONS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first call reads botocore's models
@given(st.lists(st.integers(), max_size=250), st.integers(0, 80))
def test_the_pages_are_the_list(
    service: str, operation: str, limit: str, token: str, result: str, least: int, entries: list[int], more: int
) -> None:
    inputs, seen = {limit: least + more}, []
    while True:
        answer = page(service, operation, inputs, {result: entries}, "Invalid")
        assert len(answer[result]) <= least + more
        seen += answer[result]
        if token not in answer:
            break
        inputs = {limit: least + more, token: answer[token]}
    assert seen == entries


@pytest.mark.parametrize(("service", "operation", "limit", "token", "result", "least"), OPERATIONS)
def test_a_page_without_a_limit_has_100_entries(
    service: str, operation: str, limit: str, token: str, result: str, least: int
) -> None:
    answer = page(service, operation, {}, {result: list(range(101))}, "Invalid")
    assert answer[result] == list(range(100))
    assert page(service, operation, {token: answer[token]}, {result: list(range(101))}, "Invalid") == {result: [100]}


@pytest.mark.parametrize(("service", "operation", "limit", "token", "result", "least"), OPERATIONS)
def test_what_is_no_limit_or_no_token_of_the_operation_is_refused(
    service: str, operation: str, limit: str, token: str, result: str, least: int
) -> None:
    of_another = page("eks", "ListClusters", {}, {"clusters": list(range(200))}, "Invalid")["nextToken"]
    for inputs in ({limit: least - 1}, {limit: 101}, {token: "bogus"}, {token: "\u00e9"}, {token: of_another}):
        with pytest.raises(AwsError) as refused:
            page(service, operation, inputs, {result: [1]}, "Invalid")
        assert refused.value.code == "Invalid"


def test_an_operation_without_pages_answers_as_it_is() -> None:
    assert page("rds", "CreateDBInstance", {}, {"DBInstance": {}}, "Invalid") == {"DBInstance": {}}


@pytest.mark.integration
def test_the_endpoint_answers_in_pages(cloud: Cloud) -> None:
    rds, kafka = cloud.client("rds"), cloud.client("kafka")
    names = [f"paging{n}" for n in range(3)]
    for name in names:
        kafka.create_configuration(Name=name, ServerProperties=b"", KafkaVersions=["3.9.x"])
    pages = list(kafka.get_paginator("list_configurations").paginate(PaginationConfig={"PageSize": 1}))
    assert [len(each["Configurations"]) for each in pages] == [1] * len(pages)
    assert {each["Configurations"][0]["Name"] for each in pages} >= set(names)
    for marker in ({"Marker": "bogus"}, {"MaxRecords": 5}):
        with pytest.raises(ClientError) as refused:
            rds.describe_db_instances(**marker)
        assert code_of(refused.value) == "InvalidParameterValue"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(), max_size=250))
def test_a_list_within_a_structure_has_pages_too(entries: list[int]) -> None:
    inputs, seen = {}, []
    for _ in range(3):
        answer = page(
            "rds", "DescribeEngineDefaultParameters", inputs, {"EngineDefaults": {"Parameters": entries, "F": "x"}}, "I"
        )
        assert answer["EngineDefaults"]["F"] == "x"
        seen += answer["EngineDefaults"]["Parameters"]
        if "Marker" not in answer["EngineDefaults"]:
            break
        inputs = {"Marker": answer["EngineDefaults"]["Marker"]}
    assert seen == entries


@pytest.mark.integration
@pytest.mark.parametrize(
    ("service", "family"),
    [("rds", {"DBParameterGroupFamily": "postgres15"}), ("elasticache", {"CacheParameterGroupFamily": "redis7"})],
)
def test_default_parameters_of_an_engine_are_described(cloud: Cloud, service: str, family: dict[str, str]) -> None:
    pages = cloud.client(service).get_paginator("describe_engine_default_parameters").paginate(**family)
    assert len({found["ParameterName"] for each in pages for found in each["EngineDefaults"]["Parameters"]}) > 50
