"""The add-ons of an EKS cluster, one process per cluster: Services, volumes, metrics, NetworkPolicies."""
