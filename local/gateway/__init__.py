"""The local stand-in for Kong: HAProxy, rendered from Gateway, HTTPRoute and KongPlugin objects."""
