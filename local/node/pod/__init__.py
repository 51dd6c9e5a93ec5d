"""The life of a Pod as a kubelet manages it: containers, restarts, probes, environment, volumes, status."""
