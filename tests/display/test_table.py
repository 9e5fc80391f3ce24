"""Tables: escaped, captioned, with scoped headers."""

import pandas as pd

from ctevidence.display.table import Table

NASTY = '<script>alert("x")</script> & $\\foo{$'


def test_everything_in_a_table_is_escaped():
    table = Table("t", NASTY, pd.DataFrame({NASTY: [NASTY], "b": [1]}), (NASTY,))
    assert "<script>" not in table.html
    assert table.html.count("&lt;script&gt;") >= 4


def test_a_table_has_caption_and_scoped_headers():
    html = Table("t", "What it shows", pd.DataFrame({"a": ["x"], "b": [1]}), numeric=("b",)).html
    assert "<caption>What it shows</caption>" in html
    assert '<th scope="col">a</th>' in html
    assert '<th scope="row">x</th>' in html
    assert '<td data-label="b" class="number">1</td>' in html
