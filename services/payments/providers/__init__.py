"""Stripe and the App Store: what they send is verified, and becomes reports that do not depend on who sent them."""
