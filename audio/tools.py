"""Where ffmpeg and a voice are found: a setting, the system, then the wheels.

The wheels `imageio-ffmpeg` and `espeakng-loader` carry both for x86_64 and aarch64, so that nothing has to be
installed by a system administrator. They are imported only when they are needed.
"""

import os
import shutil
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audio import runner
from audio.clip import ToolFailed, ToolMissing, VoiceMissing

_NEEDED = (("encoder=libopus", "application"), ("filter=alimiter", "latency"), ("filter=ebur128", "peak"))


@dataclass(frozen=True, slots=True)
class SystemEspeak:
    """The command espeak-ng of the system."""

    program: Path


@dataclass(frozen=True, slots=True)
class LibraryEspeak:
    """The library and the voice data that a wheel carries; used in a process of its own."""

    library: Path
    data: Path


Espeak = SystemEspeak | LibraryEspeak


async def find_ffmpeg(setting: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The ffmpeg to use: the setting, `LOA_FFMPEG`, the system's, or the wheel's.

    A named one must be usable; of the others the first that can do what is needed is taken.

    Raises ToolMissing with what each candidate lacks.
    """
    environ = os.environ if environ is None else environ
    named = setting or (Path(environ["LOA_FFMPEG"]) if environ.get("LOA_FFMPEG") else None)
    candidates = [named] if named else _ffmpeg_candidates(environ)
    lacks: list[str] = []
    for candidate in candidates:
        lack = await _lack_of(candidate)
        if lack is None:
            return candidate
        lacks.append(lack)
    raise ToolMissing("; ".join(lacks) or "no ffmpeg on the PATH and no imageio-ffmpeg")


def _ffmpeg_candidates(environ: Mapping[str, str]) -> list[Path]:
    system = shutil.which("ffmpeg", path=environ.get("PATH"))
    return [path for path in (Path(system) if system else None, wheel_ffmpeg()) if path is not None]


def wheel_ffmpeg() -> Path | None:
    """The ffmpeg that the imageio-ffmpeg wheel carries, or None."""
    try:
        import imageio_ffmpeg
    except ImportError:
        return None
    # Its own search would fall back to the system's ffmpeg, which was already looked at.
    folder = Path(imageio_ffmpeg.__file__).parent / "binaries"
    return next((path for path in sorted(folder.glob("ffmpeg-*")) if os.access(path, os.X_OK)), None)


async def _lack_of(ffmpeg: Path) -> str | None:
    for topic, word in _NEEDED:
        command = runner.Command((str(ffmpeg), "-hide_banner", "-h", topic), time_limit_s=20)
        try:
            answer = await runner.run_checked(command)
        except (ToolMissing, ToolFailed) as error:
            return error.detail
        if word not in answer.stdout.decode("utf-8", "replace"):
            return f"{ffmpeg} has no {topic} with {word}"
    return None


def trusted_certificates(environ: Mapping[str, str] | None = None) -> Path | None:
    """The file of authorities that this machine trusts: `SSL_CERT_FILE`, or where systems keep it; None without one."""
    environ = os.environ if environ is None else environ
    paths = ssl.get_default_verify_paths()
    named = (environ.get("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt", paths.cafile, paths.openssl_cafile)
    return next((Path(one) for one in named if one and Path(one).is_file()), None)


def find_espeak(setting: Path | None = None, environ: Mapping[str, str] | None = None) -> Espeak:
    """The voice to use: the setting or `LOA_ESPEAK` (a program), the system's espeak-ng, or the wheel's library.

    Raises VoiceMissing when there is none.
    """
    environ = os.environ if environ is None else environ
    named = setting or environ.get("LOA_ESPEAK")
    program = shutil.which(str(named or "espeak-ng"), path=environ.get("PATH"))
    if program:
        return SystemEspeak(Path(program))
    if named:
        raise VoiceMissing(f"{named} cannot be started")
    wheel = wheel_espeak()
    if wheel is None:
        raise VoiceMissing("no espeak-ng on the PATH and no espeakng-loader")
    return wheel


def wheel_espeak() -> LibraryEspeak | None:
    """The espeak-ng that the espeakng-loader wheel carries, or None."""
    try:
        import espeakng_loader
    except ImportError:
        return None
    found = LibraryEspeak(Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path()))
    return found if found.library.is_file() and found.data.is_dir() else None
