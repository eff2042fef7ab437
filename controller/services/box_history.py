"""Which boxes hung on the poles that had more than one, in memory: every journal that arrives asks."""

from collections.abc import Iterable, Sequence

from agents.protocol.ids import DeviceId, SpeakerId
from controller.domain.speakers import Box


class BoxHistory:
    """Of most poles nothing is kept: one box hung there ever since."""

    def __init__(self) -> None:
        self._boxes: dict[SpeakerId, tuple[Box, ...]] = {}

    def load(self, boxes: Iterable[Box]) -> None:
        """All that are stored, in any order."""
        for box in sorted(boxes, key=lambda one: one.from_us):
            self._boxes[box.speaker_id] = (*self._boxes.get(box.speaker_id, ()), box)

    def put(self, speaker_id: SpeakerId, boxes: Sequence[Box]) -> None:
        """A box was replaced; ``boxes`` are all that hung there."""
        if boxes:
            self._boxes[speaker_id] = tuple(sorted(boxes, key=lambda one: one.from_us))

    def had_several(self, speaker_id: SpeakerId) -> bool:
        """Whether a box was ever replaced there."""
        return speaker_id in self._boxes

    def hung(self, speaker_id: SpeakerId, from_us: int, until_us: int) -> tuple[DeviceId, ...]:
        """Who hung there in a stretch of time, the first first."""
        return tuple(
            box.device_id
            for box in self._boxes.get(speaker_id, ())
            if box.from_us <= until_us and (box.until_us is None or box.until_us > from_us)
        )
