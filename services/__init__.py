"""The deployed APIs, one package a service; `kit` is what they share."""
