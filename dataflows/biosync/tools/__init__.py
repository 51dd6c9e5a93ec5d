"""Uses of the same computation outside the running dataflow: commands and checks."""
