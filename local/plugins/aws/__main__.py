"""`python -m local.plugins.aws`: the executable pulumi-resource-aws."""

from local.plugins.aws.provider import AwsProvider
from local.plugins.provider.server import serve

if __name__ == "__main__":
    serve(AwsProvider())
