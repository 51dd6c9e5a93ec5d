"""Receives heart beats from wearables over WebSockets and acknowledges each frame once Kafka has stored it."""
