"""What moto knows of its backends beside them: read from the backends, which are kept and can be taken back.

moto fills these when a bucket, an account or a backend is made. A restart would empty them, so that a bucket made
again would lose its objects; and a refused request would leave names in them of what does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.core.base_backend import BackendDict
from moto.ec2.models import EC2Backend, ec2_backends
from moto.organizations.models import organizations_backends
from moto.s3.models import s3_backends

Owner = tuple[str, str]


class Index(Mapping[str, Owner]):
    """Names with their owners, read anew each time. moto's own entries are dropped."""

    def __init__(self, read: Callable[[], dict[str, Owner]]) -> None:
        self._read = read

    def __getitem__(self, name: str) -> Owner:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __setitem__(self, name: str, owner: Owner) -> None:
        pass

    def pop(self, name: str, default: Any = None) -> Any:
        return default


def install() -> None:
    """Replaces moto's dictionaries, and its lists of EC2's backends for peerings between regions."""
    setattr(s3_backends, "bucket_accounts", Index(_buckets))  # noqa: B010  (moto has a dict, and so says its type)
    setattr(organizations_backends, "master_accounts", Index(_members))  # noqa: B010
    of_ec2 = classmethod(lambda cls: _ec2())
    setattr(EC2Backend, "get_vpc_pcx_refs", of_ec2)  # noqa: B010
    setattr(EC2Backend, "_get_peering_attachment_backend_refs", of_ec2)  # noqa: B010


def _buckets() -> dict[str, Owner]:
    """Bucket -> partition and account."""
    return {
        name: (partition, account)
        for account, partition, backend in _existing(s3_backends)
        for name in (*backend.buckets, *backend.table_buckets)
    }


def _members() -> dict[str, Owner]:
    """Account in an organization -> the account that manages it, and the partition."""
    return {
        member.id: (account, partition)
        for account, partition, backend in _existing(organizations_backends)
        if backend.org is not None
        for member in backend.accounts
        if member.id != account
    }


def _ec2() -> Iterator[Any]:
    """Noted as used: the caller changes them."""
    for account, region, _ in _existing(ec2_backends):
        yield ec2_backends[account][region]


def _existing(backends: BackendDict[Any]) -> list[tuple[str, str, Any]]:
    """Account, region or partition, and backend; not noted as used."""
    return [
        (account, region, backend)
        for account, regions in dict.items(backends)
        for region, backend in dict.items(regions)
    ]
