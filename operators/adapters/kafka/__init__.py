"""Kafka: topics, and the changes that the admin API makes to them."""
