"""I/O of the operators beside the Kubernetes API: AWS, Kafka, the dataflow's workers and the time-series database."""
