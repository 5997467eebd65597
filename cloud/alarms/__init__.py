"""Alarms: what the cloud keeps of a condition."""
