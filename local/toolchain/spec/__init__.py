"""What a tool is: its programs or files, the versions that are supported, and its recipes."""
