"""Sessions of devices: one family of refresh tokens each."""
