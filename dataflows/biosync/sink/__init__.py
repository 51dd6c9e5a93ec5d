"""Writes results: bounded buffers, and the threads that empty them into the store, Kafka and the webhook."""
