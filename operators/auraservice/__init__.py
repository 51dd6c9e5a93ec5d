"""AuraService: one resource to Deployment, Service, routes, secrets and everything else that a service needs."""
