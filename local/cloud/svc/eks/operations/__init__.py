"""The operations of the EKS API, one module for each type of resource."""
