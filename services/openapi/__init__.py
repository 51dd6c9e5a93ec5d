"""The API as apps see it at the gateway: one OpenAPI document of all services, and requests for a client."""
