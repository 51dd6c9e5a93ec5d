"""The load: a process of its own that calls one route, as fast as it answers or at a fixed rate."""
