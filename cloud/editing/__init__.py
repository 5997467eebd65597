"""The site edited one camera at a time, tried, published, and brought back to an earlier version."""
