"""The shared vocabulary of the rooms: custom resources, message types, table and variable names. No I/O."""
