"""The Kubernetes engine: a control plane, its certificates, and the process nodes of its node groups."""
