"""Amazon MSK: a provisioned cluster is one Kafka process, which stands for all of its brokers."""
