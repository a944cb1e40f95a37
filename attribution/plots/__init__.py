"""Figures: each draws one finding onto an Axes and computes nothing."""
