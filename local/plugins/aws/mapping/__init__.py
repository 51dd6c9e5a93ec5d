"""Pure translation between Pulumi inputs and the AWS API: parameters, descriptions, tags."""
