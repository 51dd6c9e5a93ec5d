"""State on local disk: the log of person states, and the recovery store of bytewax."""
