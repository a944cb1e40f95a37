"""Event archives: what history says about who attacks where, with what, how often, and how sure that makes us."""
