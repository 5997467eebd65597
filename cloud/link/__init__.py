"""Remote care: commands for nodes, kept in PostgreSQL, sent over the links that nodes hold open."""
