"""`attribution import | export | schema`: other forms of a case, and what its files may hold."""

from __future__ import annotations

import argparse
from typing import Any

from attribution.cli.inputs import read_pair, refuse_to_overwrite, shown
from attribution.cli.output import print_json
from attribution.errors import UsageError


def import_case(arguments: argparse.Namespace) -> int:
    """Write the YAML of a workbook, or of a matrix of competing hypotheses with its model; never over a file."""
    from attribution.reading import read_ach, read_workbook, write_case, write_model

    folder, model = arguments.output, None
    if arguments.file.suffix == ".csv":
        if not arguments.date:
            raise UsageError("a matrix does not say when the incident was.", allowed="--date 2024-01-28")
        case, model = read_ach(arguments.file, date=arguments.date)
    elif arguments.file.suffix == ".xlsx":
        case = read_workbook(arguments.file)
    else:
        raise UsageError(f'"{arguments.file}" is neither.', allowed="a workbook (.xlsx), or a matrix (.csv)")
    home, beside = folder / f"{case.id}.yaml", folder / f"{case.id}-baseline.yaml"
    refuse_to_overwrite(home, *([beside] if model else []))
    write_case(case, home)
    print(home)
    if model:
        write_model(model, beside)
        print(f"{beside}\nnext: attribution check {shown(home)} --model {shown(beside)}")
    return 0


def export_case(arguments: argparse.Namespace) -> int:
    """Write a case as a workbook, or, with its model, as a matrix of competing hypotheses."""
    from attribution.reading import write_ach, write_workbook

    if arguments.output.suffix == ".csv":
        write_ach(*read_pair(arguments), arguments.output)
    else:
        from attribution.reading import read_case

        write_workbook(read_case(arguments.case), arguments.output)
    print(f"written: {arguments.output}")
    return 0


def schema(arguments: argparse.Namespace) -> int:
    """Print a JSON Schema."""
    print_json(schema_of(arguments.what))
    return 0


def schema_of(what: str) -> dict[str, Any]:
    """The schema of a file format, by its word."""
    if what == "report":
        from attribution.reporting.json import report_schema

        return report_schema()
    if what == "comparison":
        from attribution.reporting.comparison import comparison_schema

        return comparison_schema()
    if what == "casebook":
        from attribution.reporting.casebook import casebook_schema

        return casebook_schema()
    if what == "mapping":
        from attribution.archive.reading.mapping_file import mapping_schema

        return mapping_schema()
    if what == "tempo":
        from attribution.campaign.reading import tempo_schema

        return tempo_schema()
    if what == "tempo-model":
        from attribution.campaign.assumptions import assumptions_schema

        return assumptions_schema()
    from attribution.reading import schema as file_schema

    return file_schema(what)
