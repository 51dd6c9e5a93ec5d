"""AWS access of the commands: to the local platform, and to a stack on AWS only where it is named."""
