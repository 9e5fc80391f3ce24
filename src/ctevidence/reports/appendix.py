"""Executed notebooks as pages without scripts: prose and results, no code.

Rendered here and not by nbconvert, whose templates load scripts from other hosts and can drop
tables. Only what our own tables and figures display is taken over as HTML; any other output is
shown as escaped text.
"""

from __future__ import annotations

import ast
import base64
from dataclasses import dataclass
from html import escape
from pathlib import Path

import mistune
import nbformat


@dataclass(frozen=True)
class AppendixPage:
    """One executed notebook as HTML fragments in reading order."""

    name: str
    title: str
    body: str


def appendix_page(executed: str | Path) -> AppendixPage:
    """Render an executed notebook.

    Parameters
    ----------
    executed : path
        A notebook with outputs.

    Returns
    -------
    AppendixPage
    """
    path = Path(executed)
    notebook = nbformat.read(path, as_version=4)
    prose = mistune.create_markdown(escape=True, plugins=["table"])
    parts, title = [], path.stem
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = cell.source
            if text.startswith("# "):
                heading, _, text = text.partition("\n")
                title = heading[2:].strip()
            parts.append(prose(text))
        elif cell.cell_type == "code":
            if "injected-parameters" in cell.metadata.get("tags", []):
                parts.append(_parameters(cell.source))
            parts += [_output(output) for output in cell.outputs]
    return AppendixPage(path.stem, title, "\n".join(filter(None, parts)))


def _parameters(source: str) -> str:
    """The values that a run chose, as terms and meanings."""
    pairs = (
        (ast.unparse(node.targets[0]), ast.literal_eval(node.value))
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
    )
    rows = "".join(
        f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(str(value))}</dd>"
        for name, value in pairs
    )
    return f"<dl>{rows}</dl>" if rows else ""


def _output(output) -> str:
    if output.output_type == "error":
        return ""  # a failed notebook is never published
    if output.output_type == "stream":
        return f"<pre>{escape(output.text)}</pre>" if output.name == "stdout" else ""
    data = output.get("data", {})
    if "image/png" in data:
        alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
        source = f"data:image/png;base64,{_packed(data['image/png'])}"
        return f'<figure><img src="{source}" alt="{escape(alt)}"></figure>'
    html = data.get("text/html", "")
    if html.startswith('<div class="table"'):
        return html
    text = data.get("text/plain", "")
    if text.startswith(("'", '"')):  # a sentence shown as the value of a cell
        return f"<p>{escape(text[1:-1])}</p>"
    return f"<pre>{escape(text)}</pre>" if text else ""


def _packed(image: str | bytes) -> str:
    """Base64 without line breaks, from what the notebook stores."""
    if isinstance(image, bytes):
        return base64.b64encode(image).decode("ascii")
    return image.replace("\n", "")
