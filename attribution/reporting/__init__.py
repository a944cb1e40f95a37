"""What a report says, and its three forms. Every sentence is made from findings; templates contain no arithmetic."""

REPORT_SUFFIXES = (".html", ".json", ".md")
ARCHIVE_SUFFIXES = (".html", ".json")
