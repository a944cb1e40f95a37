"""The PyMC model: one standard normal vector and the summation as its log-density. PyMC is imported here, late."""
