"""What EKS refuses at the call. Tables of rules, pure: their facts are gathered by the operations."""
