"""The `aws` provider of this machine: Pulumi's AWS resource types over boto3, a `Kind` each in `kinds/`."""
