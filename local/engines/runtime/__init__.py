"""What every engine runs on: processes that outlive their parent, addresses, and scratch environments for tests."""
