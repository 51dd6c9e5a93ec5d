"""Routes of the payments service."""
