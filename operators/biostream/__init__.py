"""BioStream: one resource to topics, tables and the dataflow between them."""
