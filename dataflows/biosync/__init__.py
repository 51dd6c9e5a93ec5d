"""Bio-Sync: heart beats in, rolling heart-rate variability and stress events out.

signal computes: order (frames) -> cleanse (beats) -> hrv (windows) -> stress (events), composed by person, and for all
persons of a partition by partition. flow runs it on bytewax between source and sink, with its state in state.
"""
