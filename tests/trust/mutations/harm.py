"""Mistakes in what keeps files, saved runs, compiled kernels and outputs whole, inert and in their own words."""

from __future__ import annotations

from tests.trust.mutations.mutation import Mutation

_ARCHIVE = "attribution/archive"
SAVED = ("tests/inference/test_saved.py",)
COMPILED = ("tests/test_compile.py",)
INERT = ("tests/test_inert.py",)
TABLES = ("tests/archive/reading/test_tables_as_they_come.py",)
DOCUMENT = ("tests/reporting/test_docx.py",)

HARM = (
    Mutation(
        "text-of-another",
        "the text of a file is used for a value that has changed since",
        "attribution/domain/document.py",
        "return self.written is not None and self.written.content == self.content",
        "return self.written is not None",
        ("tests/inference/test_saved.py", "tests/reading/test_documents.py"),
    ),
    Mutation(
        "negation-lost",
        "a proposition that says not is written as one that says yes",
        "attribution/domain/evidence.py",
        'return {"not": named} if self.negated else named',
        "return named",
        ("tests/reading/test_documents.py",),
    ),
    Mutation(
        "outcome-in-the-hash",
        "the hash of what a fit reads depends on what was settled later",
        "attribution/domain/case.py",
        "return digest(canonical(replace(self, outcomes=()).to_dict()))",
        "return digest(canonical(self.to_dict()))",
        ("tests/domain/test_outcomes.py",),
    ),
    Mutation(
        "bits-unnoticed",
        "arrays of a saved run are not compared with their digests",
        "attribution/inference/saved.py",
        "    if changed:",
        "    if not stated:",
        SAVED,
    ),
    Mutation(
        "texts-unnoticed",
        "settings and names of a saved run have no digest",
        "attribution/inference/saved.py",
        "for name, text in attributes.items() if name in _TEXTS}",
        "for name, text in attributes.items() if name == 'case_id'}",
        SAVED,
    ),
    Mutation(
        "forged-weights",
        "draws with forged digests need not have the densities of the model",
        "attribution/inference/saved.py",
        "    if not good:",
        "    if not len(draws.flat):",
        SAVED,
    ),
    Mutation(
        "shared-kernels",
        "a folder that others may write into is trusted with compiled code",
        "attribution/_compile.py",
        "and not status.st_mode & 0o022",
        "and status.st_mode",
        COMPILED,
    ),
    Mutation(
        "swapped-kernels",
        "a trusted folder may lie where others can put another in its place",
        "attribution/_compile.py",
        "            if not _trusted(place.resolve()):",
        "            if not place.exists():",
        COMPILED,
    ),
    Mutation(
        "terminal-obeys",
        "control sequences reach the terminal",
        "attribution/inert.py",
        '_BLANK = {"Cc", "Zl", "Zp"}',
        '_BLANK = {"Zl", "Zp"}',
        INERT,
    ),
    Mutation(
        "letters-turned-round",
        "marks that turn letters round reach the terminal",
        "attribution/inert.py",
        '_UNSEEN = {"Cf", "Cs", "Cn"}',
        '_UNSEEN = {"Cs", "Cn"}',
        INERT,
    ),
    Mutation(
        "stream-as-it-comes",
        "what a command prints goes to the terminal as it is",
        "attribution/cli/output.py",
        "        self.bare.write(inert(text))",
        "        self.bare.write(text)",
        INERT,
    ),
    Mutation(
        "formula-in-a-cell",
        "a text that begins as a formula goes into a spreadsheet as it is",
        "attribution/inert.py",
        '        return f"\'{text}"',
        "        return text",
        INERT,
    ),
    Mutation(
        "packed-without-end",
        "a packed table may unpack to anything",
        f"{_ARCHIVE}/reading/encodings.py",
        "        if self._unpacked > self._most:",
        "        if self._unpacked < 0:",
        TABLES,
    ),
    Mutation(
        "columns-without-end",
        "a table may have any number of columns",
        f"{_ARCHIVE}/reading/tables.py",
        "    if len(header) > _MOST_COLUMNS:",
        "    if len(header) < 0:",
        TABLES,
    ),
    Mutation(
        "series-reads-anywhere",
        "a series may name a file outside its folder",
        "attribution/campaign/reading.py",
        '    if inside.is_absolute() or ".." in inside.parts or "\\\\" in field.text():',
        "    if not inside.parts:",
        ("tests/campaign/test_reading.py",),
    ),
    Mutation(
        "forms-apart",
        "some forms of a report stay when one cannot be written",
        "attribution/atomic.py",
        "                    if len(filled) > 1:",
        "                    if not filled:",
        ("tests/test_atomic.py",),
    ),
    Mutation(
        "settled-whatever-moved",
        "a report is not written again though its probabilities moved",
        "attribution/reporting/settled.py",
        'first["provenance"] == second["provenance"] and _agree(first, second)',
        'first["provenance"] == second["provenance"]',
        ("tests/reporting/test_settled.py",),
    ),
    Mutation(
        "document-hides-the-chance",
        "the Word document shows the prior where the answer belongs",
        "attribution/reporting/docx.py",
        "(bar.label, percent(bar.prior), percent(bar.probability), bar.ranges)",
        "(bar.label, percent(bar.prior), percent(bar.prior), bar.ranges)",
        DOCUMENT,
    ),
    Mutation(
        "document-obeys",
        "marks that turn letters round stand in the Word document",
        "attribution/reporting/docx.py",
        '" ".join(legible(text).split())',
        '" ".join(text.split())',
        DOCUMENT,
    ),
)
