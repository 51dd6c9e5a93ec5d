"""`aura failover`, `switchover`, `failback`, `evaluate`: runbooks on the platform of this machine, for a person."""
