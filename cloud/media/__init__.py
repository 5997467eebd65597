"""Photos, kept on disk under the name of their SHA-256."""
