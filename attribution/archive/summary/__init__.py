"""What history looks like, for a person to read: scales of time and distance, profiles of candidates."""
