"""The Pulumi program: the platform on AWS."""
