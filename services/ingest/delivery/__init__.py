"""From a decoded frame to Kafka and back: batching, producer, backpressure and acknowledgements."""
