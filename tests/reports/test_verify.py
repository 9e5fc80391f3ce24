"""A report that was changed after it was made is found out."""

import json

import pytest

from ctevidence.reports.manifest import checksum
from ctevidence.reports.verify import differences


@pytest.fixture
def report(tmp_path):
    folder = tmp_path / "reports" / "x"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("made")
    (tmp_path / "data.csv").write_text("data")
    content = {
        "outputs_sha256": {"report.html": checksum(folder / "report.html")},
        "inputs_sha256": {"data.csv": checksum(tmp_path / "data.csv")},
    }
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def test_an_untouched_report_has_no_differences(report, tmp_path):
    assert differences(report, tmp_path) == []


def test_changes_additions_and_losses_are_named(report, tmp_path):
    (report / "report.html").write_text("changed")
    (report / "extra.html").write_text("new")
    (tmp_path / "data.csv").unlink()
    assert differences(report, tmp_path) == [
        "changed page or estimate: report.html",
        "missing input: data.csv",
        "not in the manifest: extra.html",
    ]


def test_a_folder_without_manifest_is_no_report(tmp_path):
    with pytest.raises(FileNotFoundError, match="not a report folder"):
        differences(tmp_path, tmp_path)
