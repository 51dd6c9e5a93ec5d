"""What the endpoint acknowledged while it was killed: each entry is written once, and asked for afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from tests.fixtures.cloud import Cloud

_GROUP = {"ReplicationGroupDescription": "fuzz", "CacheNodeType": "cache.t4g.micro"}


class Ledger:
    """Writes to five services of a region, one of them ours, and on odd cases a cache that is a process."""

    def __init__(self, cloud: Cloud, case: int, region: str) -> None:
        self.case = case
        self.region = region
        self.sns, self.ssm, self.s3, self.sqs, self.rds, self.cache = (
            cloud.client(name, region=region) for name in ("sns", "ssm", "s3", "sqs", "rds", "elasticache")
        )
        self.acknowledged: list[tuple[str, str]] = []
        """Kind and name."""
        self.bucket = f"ledger-{case}"
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.s3.create_bucket(Bucket=self.bucket, **place)
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})

    def write_until_it_fails(self, writer: int) -> None:
        """Until the endpoint is gone; other errors than that raise."""
        if writer == 0 and self.case % 2:
            self._acknowledge("cache", f"fuzz-{self.case}")
        for number in range(10_000):
            kind = ("topic", "parameter", "object", "queue", "group")[number % 5]
            if not self._acknowledge(kind, f"ledger-{self.case}-{writer}-{number}"):
                return

    def missing(self) -> list[str]:
        """What was acknowledged and is not there, as kind and name."""
        return [f"{kind} {name}" for kind, name in self.acknowledged if not self._there(kind, name)]

    def clear(self) -> None:
        """Deletes the cache."""
        for kind, name in self.acknowledged:
            if kind == "cache":
                self.cache.delete_replication_group(ReplicationGroupId=name)

    def _acknowledge(self, kind: str, name: str) -> bool:
        make: dict[str, Callable[[], Any]] = {
            "topic": lambda: self.sns.create_topic(Name=name),
            "parameter": lambda: self.ssm.put_parameter(Name=name, Type="String", Value=name),
            "object": lambda: self.s3.put_object(Bucket=self.bucket, Key="k", Body=name.encode()),
            "queue": lambda: self.sqs.create_queue(QueueName=name),
            "group": lambda: self.rds.create_db_parameter_group(
                DBParameterGroupName=name, DBParameterGroupFamily="postgres15", Description=name
            ),
            "cache": lambda: self.cache.create_replication_group(ReplicationGroupId=name, **_GROUP),
        }
        try:
            answer = make[kind]()
        except (BotoCoreError, ResponseParserError):  # no answer, or half of one
            return False
        self.acknowledged.append((kind, answer["VersionId"] if kind == "object" else name))
        return True

    def _there(self, kind: str, name: str) -> bool:
        arn = f"arn:aws:sns:{self.region}:123456789012:{name}"
        ask: dict[str, Callable[[], Any]] = {
            "topic": lambda: self.sns.get_topic_attributes(TopicArn=arn),
            "parameter": lambda: self.ssm.get_parameter(Name=name)["Parameter"]["Value"] == name,
            "object": lambda: self.s3.get_object(Bucket=self.bucket, Key="k", VersionId=name)["Body"].read(),
            "queue": lambda: self.sqs.get_queue_url(QueueName=name),
            "group": lambda: self.rds.describe_db_parameter_groups(DBParameterGroupName=name),
            "cache": lambda: self.cache.describe_replication_groups(ReplicationGroupId=name),
        }
        try:
            return bool(ask[kind]())
        except ClientError:
            return False
