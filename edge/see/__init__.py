"""What stays in the picture of one camera: health, backgrounds, slots, names."""
