"""A page opened in a headless Chromium: what axe-core finds, and whether anything is cut off."""

import json
import os
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path

ROOT = Path(__file__).parents[2]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
AXE = Path(os.environ.get("AXE_CORE", ROOT / ".browser/node_modules/axe-core/axe.min.js"))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WHY_NOT = (
    None
    if BROWSER and AXE.exists()
    else "needs Debian's chromium, and axe-core: npm install --prefix .browser axe-core@4.10.3"
)
#: results leave the browser through the document that it dumps
LEAVE = """
<script>{axe}</script><script>
const leave = found => {{
  const box = document.createElement("script");
  box.type = "application/json"; box.id = "found"; box.textContent = JSON.stringify(found);
  parent.document.body.append(box);
}};
const wide = [...document.querySelectorAll("main *")].filter(e =>
  e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".table, .drawn"));
const cut = wide.slice(0, 5).map(e => e.tagName + " " + (e.id || e.className) + " "
  + e.textContent.trim().slice(0, 40));
axe.run({{resultTypes: ["violations"]}}).then(r => leave({{cut, width: innerWidth, violations:
  r.violations.map(v => ({{id: v.id, impact: v.impact, help: v.help,
    where: v.nodes.slice(0, 3).map(n => n.target.join(" "))}}))}}));
</script>
"""


def opened(page: Path, width: int, folder: Path) -> dict:
    """Open a page at a width, run axe-core; ``violations`` and what is ``cut`` at the right.

    The page's own policy forbids scripts: a copy without it is opened.
    """
    html = page.read_text("utf-8")
    html = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", html)
    probe = LEAVE.format(axe=AXE.read_text("utf-8"))
    html = html.replace("</body>", probe + "</body>")
    # a window is never narrower than 500 pixels, a frame may be
    outer = folder / "outer.html"
    frame = f'<iframe width="{width}" height="2000" srcdoc="{escape(html)}"></iframe>'
    outer.write_text(f'<meta charset="utf-8"><body>{frame}', "utf-8")
    command = [
        BROWSER,
        *FLAGS,
        f"--user-data-dir={folder / 'profile'}",
        "--window-size=1400,2100",
        "--virtual-time-budget=60000",
        "--dump-dom",
        outer.as_uri(),
    ]
    dumped = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
    found = re.search(r'id="found">(.*?)</script>', dumped.stdout, re.S)
    if found is None:
        raise RuntimeError(f"{page.name}: the browser gave no result. {dumped.stderr[-400:]}")
    return json.loads(unescape(found.group(1)))
