"""Wires state, services, control loop and HTTP server together."""

from __future__ import annotations

import logging
import threading

from local.cloud.context import CloudContext
from local.cloud.control_loop import ControlLoop
from local.cloud.copies import Measuring
from local.cloud.edge.application import Edge, by_name
from local.cloud.http import internal
from local.cloud.http.application import Application
from local.cloud.http.listener import listen
from local.cloud.links import Links
from local.cloud.losses import Losses
from local.cloud.moto_backends import (
    acm,
    cloudformation,
    cloudfront,
    ebs,
    ec2,
    health_checks,
    iam,
    image_replication,
    indexes,
    kms,
    logs,
    multi_region_keys,
    revoked_rules,
    route53,
    secret_replicas,
    secret_versions,
    security_group_rules,
    sqs,
    sts,
    support,
    vpc_endpoints,
    zones,
)
from local.cloud.moto_backends.s3 import access_logs, replication
from local.cloud.moto_backends.s3 import corrections as s3
from local.cloud.replication import images
from local.cloud.replication.backing import Replications
from local.cloud.replication.secrets import SecretReplications
from local.cloud.route53.backing import NameServer
from local.cloud.state.store import Store
from local.cloud.svc import services
from local.site import REGIONS, Site

log = logging.getLogger(__name__)

_CORRECTIONS = (
    *(acm, cloudformation, cloudfront, ebs, ec2, iam, indexes, kms, logs, multi_region_keys),
    *(image_replication, replication, revoked_rules, secret_replicas),
    *(route53, access_logs, s3, secret_versions, security_group_rules, sqs, sts, support, vpc_endpoints, zones),
)
"""Of moto's classes."""


def serve(site: Site, end: threading.Event) -> None:
    """Serves `site` until `end` is set; engines keep running."""
    for corrections in _CORRECTIONS:
        corrections.install()
    context = CloudContext(site)
    context.authority.ensure()
    names = NameServer(context)
    health_checks.install(names.observed)
    store = Store(site.home / "cloud", context)
    known = services(context)
    restored = store.load()
    with context.mutation():  # saved before the first request: then what a refused one changes is known
        for service in known:
            for region in REGIONS:
                service.state(region)
    replications = (
        Replications(context, lambda: store.version_of("s3")),
        SecretReplications(context),
        images.RegistryReplications(context, lambda: store.version_of("ecr")),
    )
    sources = [*known, *replications]
    measuring = Measuring(context, sources)
    loop = ControlLoop(context, [Losses(context), Links(context), *sources, names, measuring], store.save)
    application = Application(context, known, store, internal.handlers(context, known, loop, store.trouble))
    certificate = context.authority.pair("endpoint", site.endpoint_host, hosts=(site.endpoint_host,))
    listeners = [listen(site.endpoint_url, application), listen(site.webhook_url, application, certificate)]
    edge = Edge(context)
    listeners.append(listen(site.edge_url, edge, certificate, lambda tls: by_name(edge, tls)))
    loop.start()
    log.info("serving %s, state %s", site.endpoint_url, "restored" if restored else "new")
    end.wait()
    for listener in listeners:
        listener.shutdown()
    loop.shutdown()
