"""What EKS installs into a cluster as add-ons, one process a cluster: the Service proxy and the volume provisioner."""
