"""Bio-Sync under load: tens of thousands of sockets through the real processes, all on this machine."""
