"""A case and a model as arrays, the tapes of vector instructions made of them, and the one engine of sums."""
