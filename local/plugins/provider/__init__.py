"""The provider protocol of Pulumi: what a provider implements, its gRPC server, property values."""
