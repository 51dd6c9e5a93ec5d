"""The gRPC API of the auth service: auth.proto, and the code that protoc makes of it (`make proto`)."""
