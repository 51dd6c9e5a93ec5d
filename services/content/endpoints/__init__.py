"""Routes of the content service."""
