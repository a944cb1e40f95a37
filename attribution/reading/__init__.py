"""The file formats: YAML with lines in every error, schemas for editors, templates, and where shipped files are."""

from attribution.domain.case import Case
from attribution.domain.grades import Grading
from attribution.domain.model import Model
from attribution.reading.ach import read_ach, write_ach
from attribution.reading.case_file import parse_case
from attribution.reading.model_file import parse_grading, parse_model
from attribution.reading.model_parts import parse_history, parse_recipe
from attribution.reading.schema import schema
from attribution.reading.shipped import (
    read_case,
    read_model,
    read_pair_errors,
    shipped_cases,
    shipped_models,
    shipped_recipes,
)
from attribution.reading.tables import from_frames, to_frames
from attribution.reading.template import case_template, model_template
from attribution.reading.workbook import read_workbook, write_workbook
from attribution.reading.writing import check_exact, write_case, write_model

__all__ = [
    "Case",
    "Grading",
    "Model",
    "case_template",
    "check_exact",
    "from_frames",
    "model_template",
    "parse_case",
    "parse_grading",
    "parse_history",
    "parse_model",
    "parse_recipe",
    "read_ach",
    "read_case",
    "read_model",
    "read_pair_errors",
    "read_workbook",
    "schema",
    "shipped_cases",
    "shipped_models",
    "shipped_recipes",
    "to_frames",
    "write_ach",
    "write_case",
    "write_model",
    "write_workbook",
]
