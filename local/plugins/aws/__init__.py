"""The `aws` provider of this machine: Pulumi's AWS resource types over boto3, one row a type in `kinds/`."""
