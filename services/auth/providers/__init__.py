"""Sign-in providers: OpenID Connect 1.0 as Google and Apple speak it."""
