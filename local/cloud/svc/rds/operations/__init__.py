"""The operations of RDS's API, by the kind of resource."""
