"""Answers a stress event with suitable content, pushed to the user's wearable."""
