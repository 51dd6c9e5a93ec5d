"""The process node: registers a Kubernetes Node and runs the Pods bound to it as processes of this machine."""
