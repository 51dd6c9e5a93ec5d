"""NetworkPolicies, as the add-on vpc-cni enforces them when it is configured with enableNetworkPolicy."""
