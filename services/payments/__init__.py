"""Subscriptions that people pay for at Stripe or in the App Store, what they entitle to, and the books of it."""
