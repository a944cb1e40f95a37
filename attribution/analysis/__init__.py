"""Findings from stored draws: each a function of a posterior that returns one small frozen value."""
