"""The use cases, one noun a module: each is one transaction over the store."""
