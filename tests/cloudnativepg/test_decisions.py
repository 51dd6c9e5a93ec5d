"""What is due, what is kept, and what is refused: without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.cloudnativepg import backup, instance, store, wal
from local.cloudnativepg import cluster as clusters
from local.cloudnativepg.base_backups import BaseBackup, expired, newest
from local.cloudnativepg.cluster import Archive, Cluster
from local.cloudnativepg.schedule import Schedule
from local.cloudnativepg.status import Archiving, status
from local.cloudnativepg.topology import Standing
from tests.cloudnativepg.databases import database

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
PLUGIN = {
    "name": "barman-cloud.cloudnative-pg.io",
    "isWALArchiver": True,
    "parameters": {"barmanObjectName": "store"},
}


def cluster(**spec: Any) -> Cluster:
    item = database("timeseries", **spec)
    parsed = clusters.parse({**item, "metadata": {**item["metadata"], "namespace": "aura", "uid": "u"}})
    assert isinstance(parsed, Cluster), parsed
    return parsed


def object_store(**changes: Any) -> dict[str, Any]:
    keys = {"inheritFromIAMRole": True}
    gzip = {"compression": "gzip"}
    configuration = {
        "destinationPath": "s3://b/timeseries",
        "s3Credentials": keys,
        "wal": gzip,
        "data": gzip,
        **changes,
    }
    return {"metadata": {"name": "store"}, "spec": {"configuration": configuration | changes, "retentionPolicy": "2w"}}


def base(hours: float) -> BaseBackup:
    """Complete so many hours before NOW."""
    moment = (NOW - timedelta(hours=hours)).isoformat()
    return BaseBackup(f"{hours}", moment, moment, "0" * 24, "0" * 24, "0/0", "0/0")


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("0 0 3 * * *", datetime(2026, 3, 2, 3, tzinfo=UTC)),
        ("@daily", datetime(2026, 3, 2, tzinfo=UTC)),
        ("*/20 30 12 * * *", datetime(2026, 3, 1, 12, 30, 20, tzinfo=UTC)),
        ("0 15,45 * * * *", datetime(2026, 3, 1, 12, 45, tzinfo=UTC)),
        ("0 0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        ("0 0 0 13 * 5", datetime(2026, 3, 6, tzinfo=UTC)),  # the 13th, and every Friday
    ],
)
def test_next_time_of_a_schedule(text: str, following: datetime) -> None:
    assert Schedule(text).after(NOW) == following


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 3 * * *", "six fields"),
        ("0 60 * * * *", 'minute "60"'),
        ("0 0 3 * * x", 'weekday "x"'),
        ("0 0 0 30 2 *", "no time within"),
    ],
)
def test_a_schedule_that_never_comes_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Schedule(text).after(NOW)


def scheduled(**status: str) -> dict[str, Any]:
    spec = {"schedule": "0 0 3 * * *", "immediate": True, "cluster": {"name": "timeseries"}, "method": "plugin"}
    return {"metadata": {"name": "nightly", "namespace": "aura", "uid": "u"}, "spec": spec, "status": status}


def test_a_scheduled_backup_is_made_at_once_then_at_its_time_and_once_for_times_that_passed() -> None:
    made, first = backup.due(scheduled(), NOW)
    assert made is not None
    assert (made["metadata"]["name"], made["spec"]["method"]) == ("nightly-20260301123015", "plugin")
    assert first["nextScheduleTime"] == "2026-03-02T03:00:00Z"
    assert backup.due(scheduled(**first), NOW + timedelta(hours=14)) == (None, {})
    later, second = backup.due(scheduled(**first), NOW + timedelta(days=5))
    assert later is not None
    assert backup.due(scheduled(**second), NOW + timedelta(days=5, seconds=1)) == (None, {})


def test_the_newest_backup_before_a_moment_restores_it_and_the_window_keeps_one_beyond_itself() -> None:
    backups = [base(50), base(26), base(2)]
    assert newest(backups, NOW - timedelta(hours=3)) == backups[1]
    assert newest(backups, None) == backups[2]
    assert newest(backups, NOW - timedelta(hours=51)) is None
    assert expired(backups, timedelta(hours=25), NOW) == [backups[0]]
    assert expired(backups, timedelta(hours=27), NOW) == []


def test_an_object_store_is_used_by_role_or_by_keys_and_names_what_is_not_supported() -> None:
    used = store.parse(object_store())
    assert isinstance(used, store.Store)
    assert used.retention == timedelta(days=14)
    names = {variable["name"] for variable in used.environment("us-west-2")}
    assert names == {"AWS_REGION", "AWS_ENDPOINT_URL", "DESTINATION"}
    for changes, said in (
        ({"endpointCA": {"name": "a", "key": "b"}}, "endpointCA: is not supported on this machine"),
        ({"wal": {"compression": "zstd"}}, "wal.compression"),
        ({"destinationPath": "https://b"}, "destinationPath"),
        ({"s3Credentials": {}}, "neither inheritFromIAMRole nor access keys"),
    ):
        refused = store.parse(object_store(**changes))
        assert isinstance(refused, str)
        assert said in refused


def test_a_cluster_archives_as_itself_and_is_recovered_from_the_server_of_its_source() -> None:
    source = {"name": "before", "plugin": {**PLUGIN, "parameters": {"barmanObjectName": "store", "serverName": "old"}}}
    recovery = {"source": "before", "database": "beats", "recoveryTarget": {"targetTime": "2026-03-01 08:59:59"}}
    restored = cluster(plugins=[PLUGIN], bootstrap={"recovery": recovery}, externalClusters=[source])
    assert (restored.archive, restored.recovered_from) == (Archive("store", "timeseries"), Archive("store", "old"))
    assert restored.recovery_target == datetime(2026, 3, 1, 8, 59, 59, tzinfo=UTC)
    assert (restored.owner, restored.unsupported()) == ("beats", "")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"instances": 3}, "instances is 3"),
        ({"postgresql": {"synchronous": {"method": "any", "number": 1}}}, "must be less than that of instances"),
        ({"plugins": [{**PLUGIN, "name": "other"}]}, "plugin other"),
        ({"plugins": [{**PLUGIN, "parameters": {}}]}, "barmanObjectName is missing"),
        ({"bootstrap": {"recovery": {"source": "none"}}}, 'no externalClusters entry "none"'),
        ({"bootstrap": {"recovery": {"backup": {"name": "b"}}}}, "backup is not supported"),
        ({"bootstrap": {"recovery": {"recoveryTarget": {"targetXID": "1"}}}}, "targetXID is not supported"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(spec: dict[str, Any], said: str) -> None:
    assert said in cluster(**spec).unsupported()


def test_the_condition_of_archiving_appears_with_the_first_segment_and_keeps_its_time_while_it_lasts() -> None:
    def conditions(of: Cluster, archiving: Archiving | None, now: str) -> dict[str, Any]:
        desired = status(of, True, clusters.HEALTHY, "", archiving, None, Standing(), now)
        assert desired is not None
        return {one["type"]: one for one in desired["conditions"]}

    plain = cluster(plugins=[PLUGIN])
    assert "ContinuousArchiving" not in conditions(plain, Archiving(False, False, ""), "1")
    failing = conditions(plain, Archiving(True, True, "AccessDenied"), "2")["ContinuousArchiving"]
    assert (failing["status"], failing["message"], failing["lastTransitionTime"]) == ("False", "AccessDenied", "2")
    stored = plain.model_copy(update={"status": {"conditions": [failing]}})
    still = conditions(stored, Archiving(True, True, "NoSuchBucket"), "3")["ContinuousArchiving"]
    assert (still["message"], still["lastTransitionTime"]) == ("NoSuchBucket", "2")
    assert conditions(stored, Archiving(True, False, ""), "4")["ContinuousArchiving"]["lastTransitionTime"] == "4"


def test_a_pod_is_replaced_for_another_store_and_has_the_service_account_of_the_cluster() -> None:
    one, other = store.parse(object_store()), store.parse(object_store(destinationPath="s3://other/x"))
    assert isinstance(one, store.Store)
    assert isinstance(other, store.Store)
    pod = instance.pod(cluster(plugins=[PLUGIN]), one, "us-west-2")
    assert pod["spec"]["serviceAccountName"] == "timeseries"
    assert not instance.outdated(pod, pod)
    assert instance.outdated(pod, instance.pod(cluster(plugins=[PLUGIN]), other, "us-west-2"))
    assert instance.outdated({**pod, "status": {"phase": "Failed"}}, pod)


def test_segments_and_other_files_lie_where_barman_has_them() -> None:
    assert wal.key_of("s", "000000010000000A000000FF") == "s/wals/000000010000000A/000000010000000A000000FF.gz"
    assert wal.key_of("s", "00000002.history") == "s/wals/00000002.history.gz"
