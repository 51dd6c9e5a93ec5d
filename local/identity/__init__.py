"""An identity provider on this machine, in Google's or Apple's place: oidc-provider, which is certified.

The local overlay of the manifests names HOST, PORT and CLIENT_ID. They are the same at every site, so one
`aura sign-in` of this machine runs at a time.
"""

HOST = "localhost"
PORT = 9443
CLIENT_ID = "aura"
