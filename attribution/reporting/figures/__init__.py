"""Figures of the report, each a finding laid out as rows of text and small SVG strips; they compute nothing."""
