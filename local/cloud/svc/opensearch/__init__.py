"""OpenSearch Service: domains, each with a node of OpenSearch."""
