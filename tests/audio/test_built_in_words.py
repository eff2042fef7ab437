"""What the tables of the normaliser say, espeak-ng reads by Vietnamese rules; where it cannot, it turns to English."""

import re
import shutil
import subprocess

import pytest

from audio import words_vi
from audio.abbreviations_vi import ABBREVIATIONS
from audio.letters_vi import parted
from audio.numbers_vi import whole

TABLES = (
    *(ABBREVIATIONS, words_vi.TITLES, words_vi.STROKED, words_vi.DOCUMENTS, words_vi.ISSUERS, words_vi.UNITS),
    *(words_vi.ROADS, words_vi.IDIOMS, words_vi.LETTERS, words_vi.SYMBOLS),
)


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs the command espeak-ng")
def test_no_built_in_word_is_read_in_english() -> None:
    said = " ".join(spoken for table in TABLES for spoken in table.values())
    said += " ".join(whole(str(number)) for number in (0, 14, 21, 24, 55, 105, 1_234_567_890))
    words = sorted(set(re.findall(r"[^\W\d_]+", said)))
    lines = "".join(f"{word}.\n" for word in words)
    # The phonemes of each sentence on a line of its own; "(en)" stands where the rules change.
    heard = subprocess.run(
        ["espeak-ng", "-v", "vi", "--ipa", "-q", "--stdin"], input=lines, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    heard = [line for line in heard if line.strip()]
    assert len(heard) == len(words) > 400
    assert [word for word, phonemes in zip(words, heard, strict=True) if "(" in phonemes] == []


@pytest.mark.parametrize(
    ("run", "syllables"),
    [
        ("thaibinh", "thai binh"),
        ("xadonghung", "xa dong hung"),
        ("dichvucong", "dích vu cong"),
        ("tramyte", "tram y te"),
        ("baodientu", "bao dien tu"),
        ("phongchongthientai", "phong chong thien tai"),
        ("vinamilk", None),
        ("dvc", None),
        ("xa", None),
        ("a" * 41, None),
        ("toantoan" * 5, " ".join(["toan"] * 10)),
    ],
)
def test_syllables_written_together_are_parted(run: str, syllables: str | None) -> None:
    assert parted(run) == syllables
