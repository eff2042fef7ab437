"""Recordings that come with an alert, to be heard in place of the read text."""

from collections.abc import Sequence

from agents.protocol.values import ClipPart
from controller.domain.cap_alerts import CapAlert


class CapSounds:
    """Finds, checks and prepares them. What cannot be had is not waited for: then the text is read."""

    async def find(self, alert: CapAlert, messages: Sequence[int]) -> ClipPart | None:
        """The recording of these messages, ready to be heard; None where the text is to be read."""
        return None
