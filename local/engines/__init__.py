"""The real servers behind the local cloud's resources. Each engine is a class with ensure, ready, stop and delete."""
