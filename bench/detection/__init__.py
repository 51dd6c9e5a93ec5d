"""How well stress is detected on the recordings: `python -m bench.detection`."""
