"""Text encoding: the text that the bytes of a file were meant to be, never a guess."""

from __future__ import annotations

import codecs
import re
import unicodedata

from ctevidence.data.problems import DataProblems, Problem, alike

#: Letters shown from the first wrong one on.
_SHOWN = 20
_LINE_END = re.compile("\r\n|\r|\n")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes, encoding: str, file: str) -> str:
    """The text of a file, by its byte order mark, else by the declared encoding.

    Letters are composed (Unicode NFC), so that the same name is the same text.

    Parameters
    ----------
    data : bytes
    encoding : str
        Python's name.
    file : str
        For messages.

    Raises
    ------
    DataProblems
        When the bytes are no text in this encoding, or would be garbled by it.
    """
    mark = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    try:
        text = data.decode(mark or encoding)
    except UnicodeError as error:
        raise _wrong_encoding(data, getattr(error, "start", 0), mark or encoding, file) from None
    if "\0" in text:
        why = "The file holds zero bytes: it is UTF-16 without a byte order mark, or no text."
        do = 'Save it as "CSV UTF-8", or declare encoding = "utf-16-le" under [files].'
        raise DataProblems([Problem(file, why, do)], file)
    if not mark and _garbles(data, encoding):
        why = f"The file is UTF-8, but study.toml declares {encoding}: letters would be garbled."
        do = "Remove encoding from [files] in study.toml, or save all files in one encoding."
        raise DataProblems([Problem(file, why, do, column="encoding")], file)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _garbles(data: bytes, encoding: str) -> bool:
    """Whether an encoding of single bytes reads two letters where UTF-8 wrote one."""
    if data.isascii() or codecs.lookup(encoding).name.startswith("utf"):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wrong_encoding(data: bytes, start: int, encoding: str, file: str) -> DataProblems:
    """Every line that is not in this encoding, as it looks in that of Windows."""
    if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        return _damaged(data[:start], encoding, file)
    shown = encoding.removesuffix("-sig").upper()
    why = f"The line is not {shown}; read as Windows-1252 it gives the text shown."
    do = 'Save the file as "CSV UTF-8". If the text shown is right, you may instead declare '
    do += 'encoding = "cp1252" under [files] in study.toml.'
    if file.endswith(".toml"):
        do = "Save the file as UTF-8."
    wrong = _wrong_lines(data, encoding)
    if not wrong:  # where signs switch between alphabets, a line by itself says nothing
        wrong = [(len(data[:start].splitlines()) or 1, "")]

    def made(found: tuple[int, str]) -> Problem:
        return Problem(file, why, do, row=found[0], value=found[1])

    return DataProblems(alike(wrong, made), file)


def _damaged(before: bytes, encoding: str, file: str) -> DataProblems:
    """The line at which letters of several bytes can be read no further.

    A byte that is missing exchanges the halves of all that follow, which may read as other letters
    for a while.
    """
    row = 1 + len(_LINE_END.findall(before.decode(encoding, errors="ignore")))
    why = f"It is {encoding.upper()}, of which bytes in this line or before are damaged or missing."
    do = 'Get the file again, or save it as "CSV UTF-8" where it can still be read.'
    return DataProblems([Problem(file, why, do, row=row)], file)


def _wrong_lines(data: bytes, encoding: str) -> list[tuple[int, str]]:
    """Number and text of the lines that cannot be decoded by themselves."""
    found = []
    for row, line in enumerate(data.splitlines(), start=1):
        try:
            line.decode(encoding)
        except UnicodeError as error:
            end = getattr(error, "start", 0) + _SHOWN
            found.append((row, line[:end].decode("cp1252", errors="replace")))
    return found
