"""The live page of a running platform."""

PORT = 8088
