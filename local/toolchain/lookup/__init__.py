"""Which tools this machine has: installed programs, and the cache of those that were built."""
