"""The store's part for groups of speakers."""

from collections.abc import Sequence
from typing import Protocol

from agents.protocol.ids import SpeakerId
from controller.domain.groups import Group, GroupId, Grouping


class Groups(Protocol):
    async def get(self, group_id: GroupId) -> Group:
        """Raises `NotFound` (``group_unknown``)."""
        ...

    async def all(self) -> tuple[Group, ...]:
        """By name, their members by turn."""
        ...

    async def put(self, group: Group) -> None:
        """With exactly these members."""
        ...

    async def remove(self, group_id: GroupId) -> None: ...
    async def of(self, speaker_ids: Sequence[SpeakerId]) -> dict[SpeakerId, Grouping]:
        """Those that are in no group may be left out."""
        ...
