"""Amazon EKS: a cluster is a real Kubernetes control plane, a managed node group a set of nodes that are processes."""
