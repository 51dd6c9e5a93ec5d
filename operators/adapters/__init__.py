"""I/O of the operators: Kubernetes' API, AWS's, Kafka and the databases."""
