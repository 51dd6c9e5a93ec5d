"""EKS Pod Identity: roles of ServiceAccounts, what Pods are given for it, and the credentials that they get."""
