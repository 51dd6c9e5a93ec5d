"""Load test of Bio-Sync: tens of thousands of WebSockets through the real processes, all on this machine."""
