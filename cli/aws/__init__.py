"""AWS access of the commands: the local platform's own, never the user's profiles."""
