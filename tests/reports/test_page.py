"""Pages: self-contained, escaped, without scripts."""

from ctevidence.reports.page import Page, Section, bullets, definitions, links, prose

BAD = '<img src=x onerror="alert(1)">'


def page(*blocks):
    return Page("report", BAD, BAD, (Section("a", BAD, blocks),), (BAD,), "0", lead=BAD)


def test_text_is_escaped_wherever_it_stands():
    html = page(
        prose(BAD), bullets([BAD]), definitions([(BAD, BAD)]), links([("x", BAD, BAD)])
    ).html
    assert BAD not in html
    assert html.count("&lt;img") >= 10


def test_a_page_needs_nothing_from_elsewhere():
    html = page(prose("x")).html
    assert "<script" not in html
    assert "http://" not in html
    assert "https://" not in html
    assert "default-src 'none'" in html
    assert '<html lang="en">' in html
    assert html.count("<h1>") == 1


def test_empty_blocks_leave_nothing_behind():
    assert bullets([]).html == ""
    assert prose("", "").html == ""
