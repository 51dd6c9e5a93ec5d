"""The catalogue of meditations, sleep stories and music: its items, their recordings, and the search over them."""
