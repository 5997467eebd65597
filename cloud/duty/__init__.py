"""Who is on duty when: rosters, gaps in them, and the hand-over of a shift."""
