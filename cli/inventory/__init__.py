"""What a stack holds: by region, with what replicates it, what the loss of a region loses, and its list price."""
