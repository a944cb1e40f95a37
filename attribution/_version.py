"""The version, in one place: the package, the build and the reports take it from here."""

__version__ = "0.4.0"
