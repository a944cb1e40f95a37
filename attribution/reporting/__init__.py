"""What a report says, and its three forms. Every sentence is made from findings; templates contain no arithmetic."""

REPORT_SUFFIXES = (".html", ".json", ".md")
REPORT_FORMS = (*REPORT_SUFFIXES, ".docx")  # what a report can be asked for; the last needs python-docx
ARCHIVE_SUFFIXES = (".html", ".json")
