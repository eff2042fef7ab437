"""The output for a box of which nobody said what it has: its sound card, and WAV files until there is one.

Rules of the module: a card may come late, as one on USB does, so it is tried anew whenever the output is opened. Once
it has been there, nothing else will do: a speaker whose card vanished must say so, and not play into a file.
"""

from agents.io.output.base import Output, OutputError


class AutoOutput:
    """``card`` as soon as it opens, ``files`` before that."""

    def __init__(self, card: Output, files: Output) -> None:
        self._card = card
        self._files = files
        self._chosen = files
        self._is_open = False

    @property
    def description(self) -> str:
        """Of the one that was opened last; of the files where none was."""
        return self._chosen.description

    @property
    def stays_open(self) -> bool:
        """Not before the card is there: it is looked for whenever this is opened."""
        return self._chosen is self._card

    def look(self) -> None:
        """See whether the card is there now."""
        try:
            self._card.open()
        except OutputError:
            return
        self._card.close()
        self._chosen = self._card

    def open(self) -> None:
        """See Output.open."""
        if self._is_open:
            return
        if self._chosen is not self._card:
            self.look()
        self._chosen.open()
        self._is_open = True

    def write(self, frames: bytes) -> bool:
        """See Output.write."""
        return self._chosen.write(frames)

    def ran_out(self) -> bool:
        """See Output.ran_out."""
        return self._chosen.ran_out()

    def delay_frames(self) -> int | None:
        """See Output.delay_frames."""
        return self._chosen.delay_frames()

    def begin_play(self, name: str) -> None:
        """See Output.begin_play."""
        self._chosen.begin_play(name)

    def end_play(self) -> None:
        """See Output.end_play."""
        self._chosen.end_play()

    def drop(self) -> None:
        """See Output.drop."""
        self._chosen.drop()

    def close(self) -> None:
        """See Output.close."""
        self._is_open = False
        self._chosen.close()
