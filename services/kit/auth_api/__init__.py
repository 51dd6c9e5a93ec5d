"""The gRPC API of the auth service inside the cluster: auth.proto, and the code that protoc makes of it (`make proto`)."""
