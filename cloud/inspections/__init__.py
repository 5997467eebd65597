"""Recurring inspections: planned ahead as rows, done with a checklist, told of when missed."""
