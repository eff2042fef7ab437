"""The sound room: the real path from ALSA to the air without a sound card.

A private PulseAudio server holds one two-channel null sink, the air of the room; two one-channel sinks on top of it are
the horns. Agents play into the horns through ALSA (``horn_a``, ``horn_b``, by ``ALSA_CONFIG_PATH``) or PulseAudio; a
recorder on the sink's monitor hears both on one clock, so that the offset between them can be measured by
cross-correlation. An agent can hear its own horn too (``mic_a``, ``mic_b``), and a horn can be muted behind its back.

Rules of the module: standard library only (numpy where a recording is looked at), no other room imported, every process
started here is bounded and ended by its id, everything lives in one folder. Needs Debian's ``pulseaudio``,
``pulseaudio-utils`` and ``libasound2-plugins``.
"""

import contextlib
import math
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

RATE_HZ = 48_000
HORNS = ("horn_a", "horn_b")
MICROPHONES = {"horn_a": "mic_a", "horn_b": "mic_b"}
"""The ALSA name of what hangs before each horn."""
_START_DEADLINE_S = 10.0
_END_DEADLINE_S = 3.0
_TOOLS = ("pulseaudio", "parec", "pactl")


class SoundRoomError(Exception):
    """The sound room could not be built. Install pulseaudio, pulseaudio-utils and libasound2-plugins."""


def missing_tools() -> list[str]:
    """What the room needs and this machine lacks; empty where it can be built."""
    return [tool for tool in _TOOLS if shutil.which(tool) is None]


@dataclass
class SoundRoom:
    """A running room. Made by :func:`sound_room`."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        """Where PulseAudio listens."""
        return self.folder / "pulse.sock"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to play in this room: ALSA and PulseAudio both."""
        return {
            **os.environ,
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "PULSE_RUNTIME_PATH": str(self.folder),
            "PULSE_SERVER": f"unix:{self.socket}",
            "ALSA_CONFIG_PATH": str(self.folder / "asound.conf"),
        }

    @contextlib.contextmanager
    def record(self) -> Iterator["Recording"]:
        """Hear the room while the block runs; the recording is whole after it."""
        path = self.folder / f"heard-{time.monotonic_ns()}.raw"
        with path.open("wb") as into:
            recorder = self._start(_parec_command(self.socket), stdout=into)
        try:
            self._until(lambda: path.stat().st_size > 0, recorder, "the recorder heard nothing")
            yield Recording(path)
        finally:
            self._end(recorder)

    def mute(self, horn: str, muted: bool) -> None:
        """Cut a horn off, or mend it, without its agent noticing. Raises `subprocess.CalledProcessError`."""
        command = ["pactl", "set-sink-mute", horn, "1" if muted else "0"]
        subprocess.run(command, env=self.environment, capture_output=True, timeout=5, check=True)

    def _start(self, command: list[str], stdout: IO[bytes] | int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        with (self.folder / f"{Path(command[0]).name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=log, env=self.environment
            )
        self.processes.append(process)
        return process

    def _until(self, ready: Any, process: subprocess.Popen[bytes], complaint: str) -> None:
        deadline = time.monotonic() + _START_DEADLINE_S
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SoundRoomError(f"{complaint}; see {self.folder}/*.log")
            time.sleep(0.02)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_END_DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(_END_DEADLINE_S)
        if process in self.processes:
            self.processes.remove(process)


@dataclass(frozen=True)
class Recording:
    """What was heard: two channels of s16 at 48 kHz in a file."""

    path: Path

    def channels(self) -> tuple["Sound", "Sound"]:
        """Horn A and horn B, in -1..1."""
        import numpy as np

        raw = np.frombuffer(self.path.read_bytes(), dtype="<i2")
        both = raw[: len(raw) // 2 * 2].reshape(-1, 2).astype(np.float64) / 32768
        return both[:, 0], both[:, 1]


@contextlib.contextmanager
def sound_room() -> Iterator[SoundRoom]:
    """Build a room, and take it down afterwards. Raises SoundRoomError where that does not work."""
    if missing := missing_tools():
        raise SoundRoomError(f"not found: {', '.join(missing)}. {SoundRoomError.__doc__}")
    # A short path: a socket's name must fit into 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="loa-room-"))
    room = SoundRoom(folder)
    try:
        (folder / "asound.conf").write_text(_asound_conf(room.socket))
        server = room._start(_pulseaudio_command(room.socket))
        room._until(room.socket.exists, server, "PulseAudio did not start")
        room._until(lambda: _answers(room), server, "PulseAudio does not answer")
        yield room
    finally:
        for process in reversed(list(room.processes)):
            room._end(process)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(room: SoundRoom) -> bool:
    asked = subprocess.run(
        ["pactl", "list", "short", "sinks"], env=room.environment, capture_output=True, timeout=5, check=False
    )
    return all(horn.encode() in asked.stdout for horn in HORNS)


def _pulseaudio_command(socket: Path) -> list[str]:
    # Without norewinds the null sink runs two seconds ahead of what is heard.
    modules = [
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
        "module-null-sink sink_name=room rate=48000 channels=2 channel_map=front-left,front-right"
        " format=s16le norewinds=1",
        *(
            f"module-remap-sink sink_name={horn} master=room channels=1 channel_map={side}"
            f" master_channel_map={side} remix=no"
            for horn, side in zip(HORNS, ("front-left", "front-right"), strict=True)
        ),
    ]
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    command += ["--realtime=no", "--high-priority=no", "--disallow-exit=yes", "--log-level=warning"]
    return command + [word for module in modules for word in ("-L", module)]


def _parec_command(socket: Path) -> list[str]:
    return [
        "parec",
        f"--server=unix:{socket}",
        "--device=room.monitor",
        "--rate=48000",
        "--channels=2",
        "--format=s16le",
        "--latency-msec=20",
        "--raw",
    ]


def _asound_conf(socket: Path) -> str:
    horns = "\n".join(
        f'pcm.{horn} {{ type pulse server "unix:{socket}" device {horn} handle_underrun 1 }}' for horn in HORNS
    )
    microphones = "\n".join(
        f'pcm.{microphone} {{ type pulse server "unix:{socket}" device {horn}.monitor }}'
        for horn, microphone in MICROPHONES.items()
    )
    return f"</usr/share/alsa/alsa.conf>\n{horns}\n{microphones}\n"


def offset_frames(reference: "Sound", heard: "Sound") -> float:
    """How many frames later ``heard`` has what ``reference`` has: the peak of their cross-correlation.

    Between samples by a parabola through the peak and its neighbours, after resampling the correlation eight times
    finer (zero padding of its spectrum). Raises ValueError where either is silent.
    """
    import numpy as np

    if not np.any(reference) or not np.any(heard):
        raise ValueError("there is nothing to compare: one of the two is silent")
    finer = 8
    size = 1 << math.ceil(math.log2(len(reference) + len(heard)))
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(reference, size))
    spectrum[-1] = 0
    correlation = np.fft.irfft(spectrum, size * finer)
    peak = int(np.argmax(correlation))
    before, top, after = (float(correlation[(peak + step) % len(correlation)]) for step in (-1, 0, 1))
    bend = before - 2 * top + after
    exact = peak + (0.5 * (before - after) / bend if bend else 0.0)
    if exact > len(correlation) / 2:
        exact -= len(correlation)
    return exact / finer


def likeness(reference: "Sound", heard: "Sound") -> float:
    """The normalised correlation (0 to 1) of ``heard``, moved to where it fits best, with ``reference``."""
    import numpy as np

    shift = round(offset_frames(reference, heard))
    there = heard[max(0, shift) : max(0, shift) + len(reference)]
    part = reference[max(0, -shift) : max(0, -shift) + len(there)]
    there = there[: len(part)]
    scale = float(np.linalg.norm(part) * np.linalg.norm(there))
    return float(np.dot(part, there)) / scale if scale else 0.0
