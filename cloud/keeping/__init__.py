"""Backups of database and media as one set, their restore, and the change to a newer PostgreSQL."""
