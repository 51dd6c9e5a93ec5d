"""The links between regions: all that crosses passes a process of the region it goes to, which delays it or cuts it.

A forwarder in user space needs neither root nor netem in the kernel, and works for what is encrypted: it changes no
byte, and clients verify the certificate of the server that they mean.
"""
