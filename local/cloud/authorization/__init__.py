"""Whether the IAM policies of a role let its sessions do what they ask for."""
