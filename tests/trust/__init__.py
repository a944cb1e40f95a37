"""Tests of trust: wrong mathematics on purpose, spoilt files by the thousand, commands killed at random moments.

Small samples run with the other tests; `make mutate`, `make fuzz` and `make faults` run them at length.
"""
