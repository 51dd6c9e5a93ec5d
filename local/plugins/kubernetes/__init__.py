"""The `kubernetes` provider of this machine: every kind the API server knows, by server-side apply."""
