"""A case and a model as integer and float arrays, and the one kernel that sums out what is unknown."""
