"""A TLS certificate that AWS renews, validated by a DNS record in our zone."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.components.zone import Zone

_ISSUED_WITHIN = "15m"
"""AWS issues within minutes of seeing the record. Longer means that the domain is not delegated to the zone, for which
the provider itself would wait 75 minutes."""
CLOUDFRONT_REGION = "us-east-1"
"""CloudFront accepts certificates of this region only."""


class Certificate(Component):
    """`arn` is known once the certificate is issued."""

    def __init__(
        self, name: str, domain: str, zone: Zone, region: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        certificate = aws.acm.Certificate(
            name, domain_name=domain, validation_method="DNS", region=region, opts=self.child()
        )
        validation = certificate.domain_validation_options[0]
        record = zone.record(
            f"{name}-proof",
            validation.resource_record_type,
            validation.resource_record_name,
            [validation.resource_record_value],
            self,
        )
        issued = aws.acm.CertificateValidation(
            name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            region=region,
            opts=pulumi.ResourceOptions.merge(
                self.child(), pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=_ISSUED_WITHIN))
            ),
        )
        self.arn = issued.certificate_arn
        self.register_outputs({"arn": self.arn})
