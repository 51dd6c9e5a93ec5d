"""What every engine runs on: processes that survive their starter, addresses, and scratch environments for tests."""
