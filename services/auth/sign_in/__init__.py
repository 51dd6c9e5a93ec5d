"""A sign-in: from an app to a provider, back with an identity, and to the app with a code."""
