"""The cost of the dataflow: beats a CPU-second of its computation, of each stage, and end to end on real engines."""
