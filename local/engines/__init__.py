"""Real programs that give the local cloud's resources a body; each is a class with ensure, ready, stop and delete."""
