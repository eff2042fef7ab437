"""libopus is found in the system or in a wheel, and says clearly where there is none."""

import subprocess
import sys
from pathlib import Path

import pytest

from agents.io import opus
from agents.io.identify_audio import digits_folder
from agents.io.ogg import OpusFile

NOWHERE = "libthere-is-none.so.0"


def decoded(decoder: opus.Decoder, clip: Path) -> bytes:
    with clip.open("rb") as file:
        return b"".join(decoder.decode(packet.data) for packet in iter(OpusFile(file).next_packet, None))


def test_the_copy_in_the_wheel_does_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = digits_folder() / "7.opus"
    first_found = decoded(opus.Decoder(), clip)
    monkeypatch.setattr(opus, "_SONAME", NOWHERE)

    in_wheel = opus.library.__wrapped__()
    assert "av.libs" in in_wheel._name
    monkeypatch.setattr(opus, "library", lambda: in_wheel)
    assert len(decoded(opus.Decoder(), clip)) == len(first_found)


@pytest.mark.parametrize("instead", [NOWHERE, "libm.so.6"])
def test_a_machine_without_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, instead: str) -> None:
    monkeypatch.setattr(opus, "_SONAME", instead)
    monkeypatch.setattr(opus, "_in_wheel", lambda: iter(()))

    with pytest.raises(opus.NoOpus, match="libopus0"):
        opus.library.__wrapped__()


def test_a_packet_that_is_none_is_refused() -> None:
    with pytest.raises(opus.BadPacket, match="corrupt"):
        opus.Decoder().decode(b"\xff\xff\xff")


def test_a_reset_makes_a_decoder_as_good_as_new() -> None:
    clip = digits_folder() / "3.opus"
    decoder = opus.Decoder()
    once = decoded(decoder, clip)

    decoder.reset()

    assert decoded(decoder, clip) == once


def test_playing_does_not_load_ffmpeg() -> None:
    program = (
        "import sys, agents.app\n"
        "from agents.io.sequence import SequenceSource\n"
        "from agents.io.identify_audio import identify_sequence\n"
        "assert any(SequenceSource(identify_sequence('12')).read(48_000))\n"
        "assert 'av' not in sys.modules\n"
        "assert 'libavcodec' not in open('/proc/self/maps').read()\n"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
