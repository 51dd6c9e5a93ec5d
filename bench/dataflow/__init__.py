"""What the dataflow costs: beats a CPU-second of its computation, of each stage, and of the whole of it on engines."""
