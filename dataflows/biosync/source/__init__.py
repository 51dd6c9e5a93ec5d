"""Reads the raw topic: the consumer, the identity of the topic, and the lag."""
