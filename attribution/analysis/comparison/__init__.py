"""The same question under other models, other evidence, other days, other cases."""
