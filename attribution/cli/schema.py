"""`attribution schema`."""

from __future__ import annotations

import argparse
import json


def schema(arguments: argparse.Namespace) -> int:
    """Print a JSON Schema."""
    if arguments.what == "report":
        from attribution.reporting.report_schema import report_schema

        found = report_schema()
    elif arguments.what == "comparison":
        from attribution.reporting.comparison import comparison_schema

        found = comparison_schema()
    elif arguments.what == "casebook":
        from attribution.reporting.write_casebook import casebook_schema

        found = casebook_schema()
    elif arguments.what == "mapping":
        from attribution.archive.reading.mapping_file import mapping_schema

        found = mapping_schema()
    else:
        from attribution.reading import schema as file_schema

        found = file_schema(arguments.what)
    print(json.dumps(found, indent=2, ensure_ascii=False))
    return 0
