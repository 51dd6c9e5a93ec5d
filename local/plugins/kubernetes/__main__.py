"""`python -m local.plugins.kubernetes`: the executable pulumi-resource-kubernetes."""

from local.plugins.kubernetes.provider import KubernetesProvider
from local.plugins.provider.server import serve

if __name__ == "__main__":
    serve(KubernetesProvider())
