"""WebSocket on the wire (RFC 6455): framing, the HTTP handshake, and the open connection; knows nothing of users."""
