"""One module a migration, each with its way back."""
