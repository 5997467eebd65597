"""Incidents: the table of transitions, what is seen, the service, the routes."""
