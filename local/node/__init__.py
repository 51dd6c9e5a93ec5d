"""The process node: a kubelet that registers a Node and runs the Pods bound to it as processes of this machine."""
