"""The computation, pure: no I/O, no clock, no framework. Frames and state in, windows, events and new state out."""
