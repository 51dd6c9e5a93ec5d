"""The add-on metrics-server: what Pods and nodes use, for `kubectl top` and the HorizontalPodAutoscaler."""
