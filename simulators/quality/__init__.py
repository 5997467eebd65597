"""How right the edge is about what stays and goes: shows it labelled scenes and counts (`gridwatch eval`)."""
