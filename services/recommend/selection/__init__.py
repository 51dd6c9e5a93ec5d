"""Decisions on what to offer: severity of an event, query text and search criteria. Pure."""
