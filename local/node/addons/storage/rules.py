"""What EBS and its CSI driver accept of a StorageClass and a claim. No I/O.

Sources: parameters and access modes from the driver's docs/parameters.md, sizes, IOPS and throughput from the EBS user
guide, "Amazon EBS volume types".
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from local.node.api import Object
from local.node.quantity import quantity

PROVISIONER = "ebs.csi.aws.com"
IN_TREE = "kubernetes.io/aws-ebs"
"""The name before CSI; Kubernetes has claims of such classes provisioned by the driver as well."""
GIB = 1 << 30
_DEFAULT_TYPE = "gp3"
_FILE_SYSTEMS = ("ext3", "ext4", "xfs", "ntfs")


class Refused(ValueError):
    """The driver does not make such a volume; the text is its error."""


@dataclass(frozen=True)
class VolumeType:
    """Sizes in GiB; IOPS that can be asked for, at all and for each GiB; throughput in MiB/s. None: cannot be set."""

    smallest: int
    largest: int
    iops: tuple[int, int] | None = None
    iops_per_gib: int = 0
    throughput: tuple[int, int] | None = None


TYPES: Mapping[str, VolumeType] = {
    "gp2": VolumeType(1, 16_384),
    "gp3": VolumeType(1, 65_536, (3_000, 80_000), 500, (125, 2_000)),
    "io1": VolumeType(4, 16_384, (100, 64_000), 50),
    "io2": VolumeType(4, 65_536, (100, 256_000), 1_000),
    "st1": VolumeType(125, 16_384),
    "sc1": VolumeType(125, 16_384),
    "standard": VolumeType(1, 1_024),
}
_FREE_BASELINE = 3_000
"""IOPS of a gp3 volume whatever its size."""

_PARAMETERS = {
    *("type", "iops", "iopspergb", "allowautoiopspergbincrease", "throughput", "encrypted", "kmskeyid"),
    *("csi.storage.k8s.io/fstype", "fstype", "blocksize", "inodesize", "bytesperinode", "numberofinodes"),
    *("ext4bigalloc", "ext4clustersize", "ext4encryptionsupport", "volumeinitializationrate"),
    *("blockexpress", "blockattachuntilinitialized"),
}
_TAG = re.compile(r"tagspecification_\d+")


@dataclass(frozen=True)
class EbsVolume:
    """A volume as it is made: `gib` is the claim's size, rounded up."""

    type: str
    gib: int
    file_system: str


def is_ours(storage_class: Object) -> bool:
    return storage_class["provisioner"] in (PROVISIONER, IN_TREE)


def ebs_volume(claim: Object, storage_class: Object) -> EbsVolume:
    """The volume of a claim. Raises Refused."""
    spec = claim["spec"]
    given = storage_class.get("parameters") or {}
    parameters = {key.lower(): value for key, value in given.items()}
    if unknown := sorted(key for key in given if key.lower() not in _PARAMETERS and not _TAG.fullmatch(key.lower())):
        raise Refused(f"invalid parameter key {unknown[0]} for a volume")
    if spec.get("volumeMode", "Filesystem") != "Filesystem":
        raise Refused("volumeMode Block is not available on this machine: a volume is a folder")
    modes = spec["accessModes"]
    if others := [mode for mode in modes if mode not in ("ReadWriteOnce", "ReadWriteOncePod")]:
        raise Refused(f"access mode {others[0]} is not supported: a file system of EBS is ReadWriteOnce")
    kind = parameters.get("type", "gp2" if storage_class["provisioner"] == IN_TREE else _DEFAULT_TYPE)
    if kind not in TYPES:
        raise Refused(f"invalid EBS volume type {kind!r}: one of {', '.join(TYPES)}")
    file_system = parameters.get("csi.storage.k8s.io/fstype") or parameters.get("fstype") or "ext4"
    if file_system not in _FILE_SYSTEMS:
        raise Refused(f"invalid fstype {file_system!r}: one of {', '.join(_FILE_SYSTEMS)}")
    for flag in ("encrypted", "blockexpress", "allowautoiopspergbincrease"):
        if parameters.get(flag, "true") not in ("true", "false"):
            raise Refused(f"{flag} is {parameters[flag]!r}: true or false")
    gib = gibibytes(spec["resources"]["requests"]["storage"])
    check_size(kind, gib)
    _check_performance(kind, gib, parameters)
    return EbsVolume(kind, gib, file_system)


def gibibytes(size: str) -> int:
    """EBS has whole GiB; the driver rounds up."""
    return math.ceil(quantity(size) / GIB)


def check_size(kind: str, gib: int) -> None:
    """Raises Refused."""
    limits = TYPES[kind]
    if not limits.smallest <= gib <= limits.largest:
        raise Refused(
            f"InvalidParameterValue: a volume of type {kind} has {limits.smallest} to {limits.largest} GiB, not {gib}"
        )


def _check_performance(kind: str, gib: int, parameters: Mapping[str, str]) -> None:
    limits = TYPES[kind]
    iops, per_gib = _number(parameters, "iops"), _number(parameters, "iopspergb")
    if iops is not None and per_gib is not None:
        raise Refused("iops and iopsPerGB cannot both be set")
    if per_gib is not None:
        iops = per_gib * gib
    if iops is None and kind in ("io1", "io2"):
        raise Refused(f"a volume of type {kind} needs iops or iopsPerGB")
    if iops is not None:
        if limits.iops is None:
            raise Refused(f"InvalidParameterCombination: iops cannot be set for a volume of type {kind}")
        low, high = limits.iops
        most = min(high, max(limits.iops_per_gib * gib, _FREE_BASELINE if kind == "gp3" else 0))
        if not low <= iops <= most:
            raise Refused(f"InvalidParameterValue: {gib} GiB of type {kind} have {low} to {most} IOPS, not {iops}")
    throughput = _number(parameters, "throughput")
    if throughput is not None:
        if limits.throughput is None:
            raise Refused(f"InvalidParameterCombination: throughput cannot be set for a volume of type {kind}")
        low, high = limits.throughput
        most = min(high, (iops or _FREE_BASELINE) // 4)
        if not low <= throughput <= most:
            raise Refused(f"InvalidParameterValue: throughput is {low} to {most} MiB/s here, not {throughput}")


def _number(parameters: Mapping[str, str], key: str) -> int | None:
    text = parameters.get(key)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,9}", text):
        raise Refused(f"{key} is {text!r}: a whole number")
    return int(text)
