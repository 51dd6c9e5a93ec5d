"""The operations of the EKS API, a module a resource."""
