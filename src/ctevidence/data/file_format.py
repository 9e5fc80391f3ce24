"""How CSV files are written, where they do not say so themselves: declared in ``study.toml``.

::

    [files]
    encoding = "cp1252"
    delimiter = ";"
    decimal = ","

A byte that is not UTF-8 could be any of a hundred encodings, and a semicolon may be part of a word.
"""

from __future__ import annotations

from dataclasses import dataclass

from ctevidence.data.csv_records import DELIMITERS

DECIMALS = (".", ",")


@dataclass(frozen=True)
class FileFormat:
    """How the CSV files of a study are written.

    Parameters
    ----------
    encoding : str
        Python's name of the encoding, used for files without a byte order mark.
    delimiter : {",", ";", "\\t", "|"}
    decimal : {".", ","}
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."

    def __post_init__(self) -> None:
        try:
            " ".encode(self.encoding)  # no text at all would not look the codec up
        except (LookupError, UnicodeError):
            raise ValueError(
                f'encoding is "{self.encoding}", which is not known; say "utf-8" or "cp1252".'
            ) from None
        if self.delimiter not in DELIMITERS:
            raise ValueError(
                f'delimiter is "{self.delimiter}"; it can be ",", ";", "|" or "\\t" (tab).'
            )
        if self.decimal not in DECIMALS:
            raise ValueError(f'decimal is "{self.decimal}"; it can be "." or ",".')
        if self.decimal == self.delimiter:
            raise ValueError(
                'delimiter and decimal are both ","; one of them must be another sign.'
            )
