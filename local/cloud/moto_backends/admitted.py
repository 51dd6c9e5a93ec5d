"""The services of moto that this cloud admits: those whose resources are records, which moto keeps and gives back.

What would have to run something for its caller (functions, jobs, clusters, databases, streams of media) is not
admitted: nothing would run. Neither is what moto cannot keep, nor moto's own control interface.
"""

from __future__ import annotations

_IDENTITY = {"account", "cognitoidentity", "cognitoidp", "iam", "identitystore", "organizations", "ssoadmin", "sts"}
_KEYS = {"acm", "acmpca", "kms", "secretsmanager", "ssm"}
_NETWORK = {"cloudfront", "ec2", "elb", "elbv2", "networkfirewall", "route53", "route53domains", "route53resolver"}
_NETWORK |= {"servicediscovery", "shield", "vpclattice", "wafv2"}
_DATA = {"backup", "dynamodb", "dynamodbstreams", "ebs", "ecr", "kinesis", "s3", "s3control", "s3tables"}
_MESSAGES = {"events", "firehose", "pipes", "scheduler", "ses", "sesv2", "sns", "sqs", "swf"}
_RECORDS = {"budgets", "cloudtrail", "cloudwatch", "logs", "support", "xray"}
_DECLARATIONS = {"apigateway", "apigatewayv2", "appconfig", "autoscaling", "cloudformation"}
_DECLARATIONS |= {"ram", "resourcegroups", "servicecatalog", "servicequotas"}

ADMITTED = frozenset(_IDENTITY | _KEYS | _NETWORK | _DATA | _MESSAGES | _RECORDS | _DECLARATIONS)
"""Names of moto's packages. Of EC2, load balancers and Auto Scaling this is the configuration, not a machine."""


def refuse_unless_admitted(service: str) -> None:
    """Raises NotImplementedError, with the service's name, for a service of moto that is not admitted."""
    if service not in ADMITTED:
        raise NotImplementedError(f"the service {service}")
