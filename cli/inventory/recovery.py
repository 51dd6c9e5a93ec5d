"""What is lost of a resource when its region is lost now, by what copies it: its RPO by construction."""

from __future__ import annotations

from infra.policies.copies import OWN, Copy

OF = {
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html: replication is asynchronous.
    "read replica": "the replica's lag, without a bound (ReplicaLag)",
    # https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html: the same key material.
    "replica key": "nothing",
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
    "replica secret": "changes of the last moments, without a bound",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html: most objects within 15
    # minutes; a promise only with that option.
    "bucket replication": "objects of the last minutes, without a bound",
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Redis-Global-Datastore.html: typically below a second.
    "global datastore": "writes of about a second, without a bound",
    # https://docs.aws.amazon.com/msk/latest/developerguide/msk-replicator.html: asynchronous.
    "replicator": "the replicator's lag, without a bound (ReplicationLatency)",
    # docs/pair.md: WAL is archived every minute at the latest (archive_timeout), and the archive's bucket replicates.
    "WAL archive": "a minute and what S3 had not copied yet, without a bound",
    OWN: "nothing: the other region has its own",
}
"""By mechanism. AWS promises no bound for any of those that copy."""
ALL = "all of it"


def lost(copies: list[Copy]) -> str:
    """Of several copies the first says it; all of one type are kept in the same way."""
    return OF[copies[0].by] if copies else ALL
