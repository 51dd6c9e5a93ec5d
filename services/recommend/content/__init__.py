"""The content that can be offered: the catalog, its search index, and the embeddings of items and queries."""
