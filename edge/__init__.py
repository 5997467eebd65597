"""One edge node: see, judge, keep, send."""
