"""The container runtime: what an image runs here, and containers as sandboxed processes of this machine."""
