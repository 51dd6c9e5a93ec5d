"""The AWS endpoint: RDS, MSK, ElastiCache and EKS with real engines behind them; moto answers for all other services.

`front` takes requests, `svc` holds one service each, `loop` keeps resources and processes equal, `store` makes the
state survive, `endpoint` starts and stops the whole.
"""
