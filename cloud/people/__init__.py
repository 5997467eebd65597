"""Users, sessions, roles and node tokens."""
