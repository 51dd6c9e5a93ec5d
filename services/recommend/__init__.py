"""Answers a stress event with the content that suits the moment, pushed to the person's wearable."""
