"""Bio-Sync: heart beats in, rolling heart-rate variability and stress events out.

The core is pure and knows neither Kafka nor a clock: order (frames) -> cleanse (beats) -> hrv (windows) -> stress
(events), composed by person. people holds everyone of a partition, flow runs that on bytewax, store and outbox write.
"""
