"""The vocabulary that all packages share: custom resources, message types, table and variable names. No I/O."""
