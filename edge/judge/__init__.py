"""Rules: what is seen or measured, turned into conditions with a life."""
