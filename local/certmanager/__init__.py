"""The stand-in of cert-manager: Certificates become Secrets, signed by the certificate authority of this machine."""
