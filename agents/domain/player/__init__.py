"""The player: what this speaker plays, when, and what it says about it. Pure.

Rules of the room: `step` takes an event, the time and the state, and returns the next state and what to do; there is
no clock, no disk and no sound in here. Only the engine's word says that something was heard. Every airing that becomes
known ends with exactly one last record: finished, skipped, failed, preempted or stopped.
"""

from agents.domain.player.state import PlayerSettings, PlayerState
from agents.domain.player.step import step

__all__ = ["PlayerSettings", "PlayerState", "step"]
