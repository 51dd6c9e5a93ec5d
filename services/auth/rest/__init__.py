"""REST outside the cluster: keys, sign-in, tokens, devices, administration."""
