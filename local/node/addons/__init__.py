"""The add-ons of an EKS cluster, one process per cluster: the Service proxy and the volume provisioner."""
