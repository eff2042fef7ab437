"""Real Opus packets, and a desk that signs them, for tests of live sound."""

import io
import math
from array import array
from itertools import pairwise
from pathlib import Path

from agents.io.ogg import OpusFile
from agents.io.opus import RATE_HZ
from agents.protocol.channel import LiveAudio
from agents.protocol.live import PACKET_FRAMES, PACKET_US, Bundle, sign, tag_of
from agents.protocol.signing import SigningKey
from agents.protocol.values import AiringClass, LivePart, OnInterrupted, PlannedAiring
from tests.agents.making import HOUR_US, airing

LONG = LivePart(frames=3_600 * 48_000)


def packets_of(clip: Path) -> list[bytes]:
    """The packets of an Ogg Opus file, each of 20 ms."""
    with clip.open("rb") as file:
        whole = io.BytesIO(file.read())
    found = iter(OpusFile(whole).next_packet, None)
    return [packet.data for packet in found]


def sine(seconds: float, frequency_hz: float = 400.0, peak: float = 0.5) -> bytes:
    frames = range(round(seconds * RATE_HZ))
    turn = 2 * math.pi * frequency_hz / RATE_HZ
    return array("h", (round(32_767 * peak * math.sin(turn * at)) for at in frames)).tobytes()


def steps(sound: bytes) -> int:
    """The greatest difference between two samples that follow each other."""
    samples = array("h", sound)
    return max((abs(one - other) for one, other in pairwise(samples)), default=0)


def loudest(sound: bytes) -> int:
    return max((abs(sample) for sample in array("h", sound)), default=0)


def bundles(
    key: SigningKey, airing_id: str, at_us: int, packets: list[bytes], first_number: int = 0, *, last: bool = False
) -> list[LiveAudio]:
    """The packets as the controller sends them: three in a bundle, stamped one after another from ``at_us`` on."""
    made = []
    for index in range(0, len(packets), 3):
        some = tuple(packets[index : index + 3])
        over = last and index + 3 >= len(packets)
        number = first_number + index // 3
        made.append(sign(key, Bundle(at_us + index * PACKET_US, tag_of(airing_id), number, some, over)))
    return made


def microphone(start_at_us: int, *parts: LivePart) -> PlannedAiring:
    return airing(
        "mic",
        start_at_us=start_at_us,
        airing_class=AiringClass.LIVE,
        sequence=parts or (LONG,),
        window_us=HOUR_US,
        on_interrupted=OnInterrupted.REJOIN,
    )


__all__ = ["PACKET_FRAMES", "PACKET_US", "bundles", "loudest", "microphone", "packets_of", "sine", "steps"]
