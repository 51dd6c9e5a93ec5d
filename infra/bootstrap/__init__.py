"""What an account needs before the platform can be deployed into it; a Pulumi project of its own."""
