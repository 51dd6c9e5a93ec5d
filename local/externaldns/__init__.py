"""The stand-in of external-dns: hosts of HTTPRoutes and of load balancers become records of Route 53's endpoint."""
