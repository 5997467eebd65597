"""PostgreSQL: the embedded server, the engine, the tables, and the migrations' runner."""
