"""Everything that lets the production rooms run on one machine: engines, AWS endpoint, process node, toolchain."""
