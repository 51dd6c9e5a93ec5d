"""Stripe: its signed events, and its API."""
