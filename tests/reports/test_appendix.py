"""The appendix takes over only what our own tables made; anything else is text."""

import nbformat

from ctevidence.reports.appendix import appendix_page

BAD = '<script>alert("x")</script>'
TABLE = '<div class="table" id="table-t"><table><caption>c</caption></table></div>'


def page(tmp_path, *outputs, prose="# Title\n\ntext"):
    notebook = nbformat.v4.new_notebook()
    code = nbformat.v4.new_code_cell("secret = 1")
    code.outputs = list(outputs)
    notebook.cells = [nbformat.v4.new_markdown_cell(prose), code]
    nbformat.write(notebook, tmp_path / "x.ipynb")
    return appendix_page(tmp_path / "x.ipynb")


def shown(**data):
    return nbformat.v4.new_output(
        "execute_result", data={k.replace("_", "/"): v for k, v in data.items()}
    )


def test_our_tables_pass_and_other_html_does_not(tmp_path):
    body = page(tmp_path, shown(text_html=TABLE), shown(text_html=BAD, text_plain=BAD)).body
    assert TABLE in body
    assert "<script>" not in body
    assert "&lt;script&gt;" in body


def test_prose_is_escaped_and_code_is_left_out(tmp_path):
    made = page(tmp_path, prose=f"# Title\n\n{BAD}\n\nsome **bold** text")
    assert made.title == "Title"
    assert "<script>" not in made.body
    assert "<strong>bold</strong>" in made.body
    assert "secret" not in made.body


def test_chosen_parameters_are_shown_as_values_and_never_as_code(tmp_path):
    notebook = nbformat.v4.new_notebook()
    declared = nbformat.v4.new_code_cell(
        "week: float = 9  # the week", metadata={"tags": ["parameters"]}
    )
    source = '# Parameters\nstudy_name = "one <two>"\nweek = 13\n'
    chosen = nbformat.v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
    notebook.cells = [nbformat.v4.new_markdown_cell("# Title"), declared, chosen]
    nbformat.write(notebook, tmp_path / "x.ipynb")
    body = appendix_page(tmp_path / "x.ipynb").body
    assert "<dt>study name</dt><dd>one &lt;two&gt;</dd><dt>week</dt><dd>13</dd>" in body
    for code in ("week: float", "week = 13", "<code>", "Parameters"):
        assert code not in body


def test_tracebacks_and_warnings_never_reach_a_page(tmp_path):
    error = nbformat.v4.new_output("error", ename="E", evalue="secret", traceback=["secret"])
    warning = nbformat.v4.new_output("stream", name="stderr", text="secret")
    assert "secret" not in page(tmp_path, error, warning).body


def test_pictures_keep_their_text_alternative(tmp_path):
    picture = nbformat.v4.new_output(
        "display_data", data={"image/png": "iVBO\nRw0K"}, metadata={"image/png": {"alt": 'a "b"'}}
    )
    body = page(tmp_path, picture).body
    assert 'src="data:image/png;base64,iVBORw0K"' in body
    assert 'alt="a &quot;b&quot;"' in body
