"""Accounts of people, and the identities at providers that lead to them."""
