"""What the page about voices says is what happens."""

import json
import re
from pathlib import Path

import pytest

from audio.normalise_vi import normalise
from audio.voices.book import load_voices

PAGE = (Path(__file__).parents[2] / "docs" / "voices.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+?) \| (.+?) \|$", PAGE, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize(("written", "spoken"), ROWS)
def test_the_readings_on_the_page_are_true(written: str, spoken: str) -> None:
    assert normalise(written) == spoken


def test_the_file_on_the_page_can_be_used(tmp_path: Path) -> None:
    example = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)[0]
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "vi_VN-x.onnx").touch()
    (tmp_path / "voices" / "vi_VN-x.onnx.json").write_text(json.dumps({"espeak": {"voice": "vi"}}))
    (tmp_path / "voices.toml").write_text(example, encoding="utf-8")
    ids = [each.id for each in load_voices(tmp_path / "voices.toml").all()]
    assert ids == ["nu-mien-bac", "nam-mien-nam", "jrai", "trung-tam", "espeak-vi", "espeak-en"]
