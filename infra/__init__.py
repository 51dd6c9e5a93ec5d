"""The Pulumi program: what the platform is on AWS."""
