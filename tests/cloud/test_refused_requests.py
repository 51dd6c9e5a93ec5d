"""A request that is refused undoes what it changed, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from moto.core.request import Request
from moto.sts.models import sts_backends
from werkzeug.test import EnvironBuilder

from local.cloud.context import ACCOUNT, CloudContext
from local.cloud.http import calls
from local.cloud.http.moto import Moto
from local.cloud.moto_backends import iam, registry, sts
from local.cloud.moto_backends.roles import open_session
from local.cloud.state.store import Store
from local.site import Site

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20261129/us-west-2/iam/aws4_request, SignedHeaders=host, Signature=0"


def unknown_role() -> Request:
    body = {"Action": "GetRole", "RoleName": "none", "Version": "2010-05-08"}
    headers = [("Authorization", SIGNED), ("Host", "iam.amazonaws.com")]
    return Request(EnvironBuilder(path="/", method="POST", data=body, headers=headers).get_environ())


def test_what_the_control_loop_changed_meanwhile_is_kept(tmp_path: Path) -> None:
    context = CloudContext(Site(tmp_path))
    store = Store(tmp_path, context)
    iam.install()
    sts.install()
    registry.clear()
    try:
        node = open_session(f"arn:aws:iam::{ACCOUNT}:role/node", "spot", "us-west-2", timedelta(hours=1))
        store.commit()
        with context.mutation():
            later = open_session(f"arn:aws:iam::{ACCOUNT}:role/node", "spot", "us-west-2", timedelta(hours=1))
        request = unknown_role()
        answer = Moto(context, store).answer(calls.read(request), request)
        assert answer.status_code == 404
        registry.clear()
        assert Store(tmp_path, context).load()
        for session in (node, later):
            assert sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(session.access_key)
    finally:
        registry.clear()
