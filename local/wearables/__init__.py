"""Simulated users with wearables: recorded or synthetic heart beats, streamed like the app does."""
