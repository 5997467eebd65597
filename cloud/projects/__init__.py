"""Projects: what is to be done for good at a place where something happens again and again."""
