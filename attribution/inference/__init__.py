"""Two engines, one answer: draws of z, and the posterior that they amount to."""
