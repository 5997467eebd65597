"""Deadlines: time as people work it, limits and lights, and rows that fire once."""
