"""The AWS endpoint: RDS, MSK, ElastiCache and EKS with real engines behind them; moto answers for all other services.

`http` takes requests, `svc` has a package for each service, `control_loop` reconciles resources and processes,
`state` persists both, `moto_backends` adapts moto, `server` wires them, `endpoint` starts and stops the whole.
"""
