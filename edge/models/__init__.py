"""Bringing, checking and measuring the detector's models: the `gridwatch models` command."""
