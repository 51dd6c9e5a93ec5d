"""The lease's object at the witness."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import msgspec

from contracts.lease import LEASE_KEY, Found, Missing, Write, clock_error, decode, encode
from services.kit.witness import WitnessBucket, WitnessUnavailable


class Witness:
    def __init__(self, bucket: str, region: str, endpoint: str = "") -> None:
        """`endpoint` is that of the AWS API, "" the default."""
        self._objects = WitnessBucket(bucket, region, endpoint)
        self.bucket = bucket

    def look(self) -> Found | Missing:
        """What is there now. Raises WitnessUnavailable, also if this machine's clock and the witness's differ."""
        sent = time.time()
        read = self._objects.read(LEASE_KEY)
        if wrong := clock_error(sent, parsedate_to_datetime(read.headers["date"]).timestamp(), time.time()):
            raise WitnessUnavailable(f"{wrong}: set the node's clock")
        if read.body is None or read.etag is None:
            return Missing(deleted=read.headers.get("x-amz-delete-marker") == "true")
        try:
            return Found(decode(read.body), read.etag)
        except msgspec.DecodeError as error:
            raise WitnessUnavailable(f"{LEASE_KEY} is no lease: {error}; restore its last version") from error

    def write(self, write: Write) -> bool:
        """Whether S3 confirmed it; False if something else was written meanwhile. Raises WitnessUnavailable when it is
        not known, too."""
        return self._objects.write(LEASE_KEY, encode(write.lease), write.etag)
