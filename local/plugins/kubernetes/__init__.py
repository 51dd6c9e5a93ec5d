"""The `kubernetes` provider of this machine: every kind that the API server serves, by server-side apply."""
