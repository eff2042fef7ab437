"""Writes docs/settings.md from the tables of settings in the code; with --check, says whether it is current."""

import sys
from collections.abc import Iterable
from pathlib import Path

import agents.config
import controller.config
from agents.protocol.settings import Setting

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"
HEAD = """# Settings

Every setting of both programs, with its unit. This page is written from the code (`make settings`).

A value comes from, each stronger than the one before: the default, the TOML file, the environment, the flag.
`loa settings` and `loa-agent settings` print what is in force and where it came from.
"""


def page() -> str:
    """The whole page."""
    parts = [
        HEAD,
        _section(
            "The controller: `loa serve`",
            "File: `--config FILE` or `LOA_CONFIG`, keys as in the first column.",
            controller.config.SETTINGS,
        ),
        _section(
            "The speaker: `loa-agent run`",
            "File: `--config FILE` or `LOA_AGENT_CONFIG`, keys as in the first column.",
            agents.config.SETTINGS,
        ),
    ]
    return "\n".join(parts)


def _section(title: str, words: str, settings: Iterable[Setting]) -> str:
    lines = [f"## {title}", "", words, "", "| key | unit | default | flag | environment | what it does |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for one in settings:
        unit = one.unit or (" or ".join(f"`{choice}`" for choice in one.choices) or one.type_name)
        default = "" if one.secret else one.default_text()
        shown = f"`{default}`" if default else "none"
        cells = [f"`{one.name}`", unit, shown, f"`{one.flag}`", f"`{one.env}`", one.help]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def main() -> int:
    """0: written, or current; 1: with --check, the page is not what the code says."""
    text = page()
    if "--check" in sys.argv:
        if PAGE.exists() and PAGE.read_text() == text:
            return 0
        print("docs/settings.md is not what the code says. Run: make settings", file=sys.stderr)
        return 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
