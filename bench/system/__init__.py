"""What benchmarks run, as production and the local platform start it: programs, stores, the gateway."""
