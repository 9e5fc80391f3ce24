"""R14 and R15: a pack says what made it, and holds nothing that runs or asks for more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ctevidence.reports.checks.pack import Pack, text_of

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
#: tags that run, load or send; a report needs none of them
ACTIVE = ("script", "iframe", "object", "embed", "link", "form", "base", "audio", "video")
TRACEBACK = re.compile(r"Traceback \(most recent call last\)|\x1b\[\d")
#: attributes whose address a browser asks for
ASKING = {"src", "href", "srcset", "action", "poster"}
#: addresses within the page or the pack
INSIDE = re.compile(r"data:image/png;|#|(\.\./)?[\w./-]+\.(html|csv|json|pdf|docx|png)(#[\w-]+)?$")
HASH = re.compile(r"[0-9a-f]{64}")
STATED = ("made_on", "ctevidence", "code_sha256", "python", "libraries", "parameters",
          "inputs_sha256", "outputs_sha256")  # fmt: skip


def origin(pack: Pack) -> Iterator[str]:
    """R14: the manifest names versions, parameters, seed, and the checksum of every file."""
    manifest = pack.manifest
    if not pack.results:
        yield "results.json is missing"
    yield from (f"manifest.json does not state {k}" for k in STATED if k not in manifest)
    if "seeds" not in manifest:
        yield "manifest.json does not state the seeds (none where nothing is drawn)"
    for part in ("inputs_sha256", "outputs_sha256"):
        for name, digest in manifest.get(part, {}).items():
            if not HASH.fullmatch(digest):
                yield f"manifest.json: {part} of {name} is not a SHA-256"


def nothing_active(pack: Pack) -> Iterator[str]:
    """R15: no script, no address outside the pack, no traceback, no code of a notebook."""
    for name, page in pack.pages.items():
        policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
        if policy is None or policy.get("content") != POLICY:
            yield f"{name} lacks the content security policy"
        for tag in pack.tags[name]:
            if tag.name in ACTIVE:
                yield f"{name} holds <{tag.name}>"
            yield from _reaching_out(name, tag)
        if TRACEBACK.search(text_of(page)):
            yield f"{name} holds a traceback"


def _reaching_out(name: str, tag) -> Iterator[str]:
    running = [key for key in tag.attrs if key.startswith("on")]
    yield from (f"{name}: <{tag.name}> has {key}, which runs code" for key in running)
    for key in sorted(ASKING & tag.attrs.keys()):
        address = str(tag[key])
        if address and not INSIDE.match(address):
            yield f"{name}: <{tag.name}> asks for {address[:60]}"
