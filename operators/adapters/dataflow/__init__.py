"""The dataflow's workers: the metrics that they expose."""
