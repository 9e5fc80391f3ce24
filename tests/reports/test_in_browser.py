"""Every page of a real pack in a browser, at two widths: axe-core, and nothing cut off."""

import importlib.util
from pathlib import Path

import pytest

# tests are no package: the tool beside them is loaded by its place
_SPEC = importlib.util.spec_from_file_location(
    "in_browser", Path(__file__).parents[1] / "browser" / "in_browser.py"
)
_BROWSER = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_BROWSER)
WHY_NOT, opened = _BROWSER.WHY_NOT, _BROWSER.opened

WIDTHS = (1280, 390)
PAGES = (
    "index", "report", "brief", "appendix/index", "appendix/estimates", "appendix/checklists",
    "appendix/behind", "appendix/changes", "appendix/01_study", "appendix/02_response",
    "appendix/03_course", "appendix/04_relapse", "appendix/05_trials", "appendix/06_evidence",
    "appendix/07_brief", "appendix/08_sensitivity",
)  # fmt: skip
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_usable_by_everyone_and_whole(pack, tmp_path, page):
    for width in WIDTHS:
        (tmp_path / str(width)).mkdir()
        path = pack[1].path / f"{page}.html"
        found = opened(path, width, tmp_path / str(width))
        assert found["width"] == width
        grave = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
        assert grave == [], f"{page} at {width} pixels"
        assert found["cut"] == [], f"{page} at {width} pixels"


def test_no_page_of_the_pack_is_left_out(pack):
    folder = pack[1].path
    pages = {p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.html")}
    assert pages == set(PAGES)


def test_what_cannot_be_read_is_found(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '<!doctype html><html lang="en"><head><title>t</title></head><body><main><h1>A page</h1>'
        '<p style="color:#bbb;background:#fff">Pale words that nobody can read with ease.</p>'
        '<p id="wide" style="width:3000px">Wide.</p></main></body></html>',
        "utf-8",
    )
    found = opened(page, 390, tmp_path)
    assert "color-contrast" in [v["id"] for v in found["violations"]]
    assert any("wide" in text for text in found["cut"])
