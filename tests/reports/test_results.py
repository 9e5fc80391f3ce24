"""What notebooks keep is read back as it was."""

import pandas as pd
import pytest

from ctevidence.display.figure import nothing_to_draw
from ctevidence.display.table import Table
from ctevidence.estimates import Estimate, Estimates
from ctevidence.reports.results import (
    read_estimates,
    read_figure,
    read_table,
    write_estimates,
    write_figure,
    write_table,
)

ROW = Estimate("s", "response", "combined", "risk", 1 / 3, n=9, events=3)
OTHER = Estimate("s", "relapse", "combined", "risk", 0.1)


def test_estimates_come_back_exactly_and_joined(tmp_path):
    write_estimates(Estimates([ROW]), tmp_path, "response")
    write_estimates(Estimates([ROW, OTHER]), tmp_path, "relapse")
    assert read_estimates(tmp_path, "response").one().same_as(ROW)
    assert len(read_estimates(tmp_path)) == 2  # what stands in both counts once


def test_an_unknown_key_names_those_there_are(tmp_path):
    write_estimates(Estimates([ROW]), tmp_path, "response")
    with pytest.raises(FileNotFoundError, match="there are: response"):
        read_estimates(tmp_path, "respones")


def test_tables_and_figures_come_back_as_they_were_shown(tmp_path):
    table = Table("t", "Caption", pd.DataFrame({"a": ["ä", "1–7"], "b": [1, 2]}), ("note",), ("b",))
    write_table(table, tmp_path)
    assert read_table(tmp_path, "t").html == table.html
    figure = nothing_to_draw("f", "Still free of relapse", "nobody was at risk")
    write_figure(figure, tmp_path)
    back = read_figure(tmp_path, "f")
    assert (back.png, back.alt, back.data.html) == (figure.png, figure.alt, figure.data.html)


def test_what_was_not_kept_is_none(tmp_path):
    assert read_table(tmp_path, "t") is None
    assert read_figure(tmp_path, "f") is None
