"""Settings of all tests: compiling takes its time, and a failure found once is found again."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("ours", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("ours")
