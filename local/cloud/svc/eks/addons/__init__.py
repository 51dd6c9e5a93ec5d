"""Add-ons of clusters: which there are, in which versions, and what their configuration may say."""
