"""Departments called to a case: each with its own clock and its own answer, and rated once."""
