"""Parameters of RDS: which there are, which values they take, and PostgreSQL's own judgement of them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.service.errors import AwsError
from local.cloud.svc.rds.parameters import catalog, formulas
from local.cloud.svc.rds.parameters.change import changes
from local.cloud.svc.rds.parameters.model import Parameter
from local.cloud.svc.rds.parameters.rows import rows

VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"
REBOOT, NOW = "pending-reboot", "immediate"


def refusal(name: str, value: str, method: str) -> str | None:
    try:
        changes({"Parameters": [{"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}]})
    except AwsError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    ("name", "value", "method", "expected"),
    [
        ("no_such_parameter", "1", NOW, VALUE),
        ("max_connections", "banana", REBOOT, VALUE),
        *(("max_connections", value, REBOOT, VALUE) for value in ("0", "1", "5", "8388608", "LEAST(5,9)")),
        *(("max_connections", value, REBOOT, None) for value in ("6", "262144", "8388607")),
        ("max_connections", "100", NOW, COMBINATION),
        ("max_connections", "100", "whenever", VALUE),
        ("max_connections", "100", REBOOT, None),
        ("MAX_CONNECTIONS", "LEAST({DBInstanceClassMemory/9531392},5000)", REBOOT, None),
        ("max_connections", "LEAST({__import__},5000)", REBOOT, VALUE),
        ("shared_buffers", "{DBInstanceClassMemory/32768}", REBOOT, None),
        ("shared_buffers", "{DBInstanceClassMemory/32768}", NOW, COMBINATION),
        ("work_mem", "4MB", NOW, VALUE),
        ("work_mem", "4096", NOW, None),
        ("log_statement", "ddl", NOW, None),
        ("log_statement", "every", NOW, VALUE),
        ("log_connections", "1", NOW, None),
        ("log_connections", "yes", NOW, VALUE),
        ("random_page_cost", "1.1", NOW, None),
        ("random_page_cost", "nan", NOW, VALUE),
        ("timezone", "Europe/Berlin", NOW, None),
        ("timezone", "Banana/Split", NOW, VALUE),
        ("datestyle", "ISO, DMY", NOW, None),
        ("datestyle", "banana", NOW, VALUE),
        ("synchronous_standby_names", "((", NOW, VALUE),
        ("rds.force_ssl", "2", NOW, VALUE),
        ("rds.force_ssl", "0", NOW, None),
        ("rds.logical_replication", "1", NOW, COMBINATION),
        ("rds.logical_replication", "1", REBOOT, None),
        ("shared_preload_libraries", "pg_stat_statements,auto_explain", REBOOT, None),
        ("shared_preload_libraries", "pg_cron", REBOOT, "NotImplemented"),
        ("shared_preload_libraries", "/tmp/evil.so", REBOOT, VALUE),
        *(
            (name, "/tmp/x", REBOOT, VALUE)
            for name in ("data_directory", "hba_file", "listen_addresses", "ssl_cert_file")
        ),
        *((name, "x", REBOOT, VALUE) for name in ("archive_command", "restore_command", "primary_conninfo", "port")),
        *((name, "0", REBOOT, VALUE) for name in ("fsync", "ssl", "full_page_writes", "archive_mode")),
    ],
)
def test_a_change_is_refused_when_rds_or_postgres_would(name: str, value: str, method: str, expected: str) -> None:
    assert refusal(name, value, method) == expected


def test_at_most_twenty_parameters_change_at_once_and_each_once() -> None:
    one = {"ParameterName": "work_mem", "ParameterValue": "4096", "ApplyMethod": NOW}
    for parameters, code in (([], VALUE), ([one, one], COMBINATION), ([one] * 21, VALUE)):
        with pytest.raises(AwsError) as refused:
            changes({"Parameters": parameters})
        assert refused.value.code == code


def test_there_are_several_hundred_with_their_sources() -> None:
    listed = rows({"work_mem": "4096"}, {"work_mem": REBOOT})
    by_name = {row["ParameterName"]: row for row in listed}
    assert len(listed) > 300
    assert (by_name["work_mem"]["Source"], by_name["work_mem"]["ApplyMethod"]) == ("user", REBOOT)
    assert (by_name["data_directory"]["Source"], by_name["data_directory"]["IsModifiable"]) == ("system", False)
    assert by_name["max_connections"]["ApplyType"] == "static"
    assert by_name["max_connections"]["AllowedValues"] == "6-8388607"
    assert by_name["rds.force_ssl"]["ParameterValue"] == "1"
    assert by_name["log_statement"]["AllowedValues"] == "none,ddl,mod,all"
    parts = [rows({"work_mem": "4096"}, {}, source) for source in ("user", "system", "engine-default")]
    assert sum(map(len, parts)) == len(listed)
    assert len(parts[0]) == 1
    with pytest.raises(AwsError):
        rows({}, {}, "elsewhere")


def test_no_enumeration_lacks_its_values() -> None:
    lacking = [p.name for p in catalog.parameters().values() if p.type == "string" and p.allowed]
    assert {"log_statement", "wal_compression", "ssl_min_protocol_version"} <= set(lacking)


@given(st.text(string.printable, max_size=60))
def test_formula_gives_a_number_or_nothing(text: str) -> None:
    value = formulas.evaluated(text, formulas.SMALLEST)
    assert value is None or int(value) is not None


@given(st.integers(1, 1 << 20), st.integers(1, 1 << 20))
def test_formula_is_arithmetic(first: int, second: int) -> None:
    given = {"DBInstanceClassMemory": float(first << 30)}
    text = f"GREATEST({{DBInstanceClassMemory/{second}}},{second})"
    assert formulas.evaluated(text, given) == str(int(max((first << 30) / second, second)))


@given(st.integers(-(1 << 40), 1 << 40), st.integers(-1000, 1000), st.integers(0, 1000))
def test_integers_are_accepted_within_their_range(value: int, least: int, span: int) -> None:
    parameter = Parameter("p", "integer", False, True, "", least=str(least), most=str(least + span))
    assert parameter.accepts(str(value)) == (least <= value <= least + span)
