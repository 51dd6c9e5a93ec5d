"""What of AWS the local endpoint does, as docs/compatibility.md: `python -m local.cloud.compatibility`."""
