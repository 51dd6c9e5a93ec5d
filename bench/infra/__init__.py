"""How long Pulumi takes for the whole of what is declared, and what the engines behind it take."""
