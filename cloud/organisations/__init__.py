"""Who can be called in: departments, bike operators and others; and who leads in what."""
