"""Route 53's data plane: a DNS server that answers by hosted zones, and the health checks that it answers by.

It is a process of its own that knows a file and no AWS endpoint: names move when a region is lost, whatever becomes of
the control plane.
"""
