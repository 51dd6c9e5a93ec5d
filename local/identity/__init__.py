"""An identity provider on this machine, in Google's or Apple's place: oidc-provider, which is certified."""
