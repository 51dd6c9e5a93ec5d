"""HAProxy: the configuration rendered from a plan, the process, and the changes made to it while it runs."""
