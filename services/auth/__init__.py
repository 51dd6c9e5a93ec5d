"""Issues access tokens and publishes the keys that verify them."""
