"""The add-ons of an EKS cluster, one process per cluster: Service proxy, volume provisioner, metrics server."""
