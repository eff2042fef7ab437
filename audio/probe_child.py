"""Looks into one untrusted file with PyAV and prints what it holds as one JSON object.

Run as a process of its own (`measure.probe`), with limits, because a decoder that reads a hostile file may crash or
grow. It imports nothing of this project. Only the content says what a file is; the ending of a name counts for the two
formats without any header (G.722, GSM), and only where the content has no header either. Only containers that refer to
no other file are opened.
"""

import json
import sys
from pathlib import Path
from typing import Any, BinaryIO

# Demuxers of self-contained sound and video files. No playlist (hls, dash, concat, sdp, ...) is among them.
FORMATS = (
    "wav,w64,aiff,au,caf,mp3,aac,ac3,eac3,flac,ogg,amr,amrnb,amrwb,asf,mov,matroska,webm,avi,mpeg,mpegts,flv,"
    "ape,wv,tta,mpc,mpc8,loas,dts"
)
# Those of them that begin with something unmistakable; the others hunt for a frame, and find one in any noise.
CERTAIN = "wav,w64,aiff,au,caf,flac,ogg,asf,mov,matroska,webm,avi,flv,ape,wv,mpc,mpc8"
# An archive or a document may hold a sound as it is, and a demuxer that hunts for a frame would play it.
OTHER_THINGS = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"%PDF", b"\x1f\x8b", b"\x7fELF", b"MZ", b"BZh")
GSM_FRAME_BYTES = 33


class Nameless:
    """A file without its name, which a demuxer would trust."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.tell = file.tell
        self._file = file

    def seek(self, offset: int, whence: int = 0) -> int:
        """Like a file's, but an impossible place is answered instead of raised."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError):
            return -1


def headerless_format(ending: str, head: bytes) -> str | None:
    """The format of a file that only the ending of its name can tell, or None."""
    if ending == "g722":
        return "g722"
    frames = head[: len(head) // GSM_FRAME_BYTES * GSM_FRAME_BYTES : GSM_FRAME_BYTES]
    if ending == "gsm" and frames and all(first >> 4 == 0xD for first in frames):
        return "gsm"
    return None


def look(path: Path, ending: str) -> dict[str, Any]:
    """Format, duration and first sound track of the file at `path`, whose name ends in `ending` ("" for any other)."""
    import av

    with path.open("rb") as file:
        head = file.read(4096)
        if head.startswith(OTHER_THINGS):
            return {"error": "an archive, a document or a program"}
        named = headerless_format(ending, head)
        if named is None:
            return opened(file, None, FORMATS)
        try:
            return opened(file, None, CERTAIN)
        except av.FFmpegError:
            return opened(file, named, named)


def opened(file: BinaryIO, named: str | None, allowed: str) -> dict[str, Any]:
    """What the file holds, read as the format `named`, or as the one of `allowed` that its content shows."""
    import av

    file.seek(0)
    options = {"format_whitelist": allowed, "protocol_whitelist": "file"}
    with av.open(Nameless(file), "r", format=named, options=options, metadata_errors="replace") as container:
        tracks = container.streams.audio
        found: dict[str, Any] = {
            "format": container.format.name.split(",")[0],
            "duration_s": None if container.duration is None else container.duration / 1_000_000,
            "codec": "",
            "rate_hz": 0,
            "channels": 0,
        }
        if tracks:
            codec = tracks[0].codec_context
            found |= {"codec": codec.name, "rate_hz": codec.sample_rate, "channels": codec.channels}
        return found


def main() -> int:
    """Print the JSON object; a file that cannot be read gives {"error": ...}."""
    try:
        found = look(Path(sys.argv[1]), sys.argv[2])
    except Exception as error:  # whatever a decoder says about a hostile file is an answer here
        found = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
