"""English sentences of reasons, for the command line and the log; pages translate the same codes."""

from controller.cap.reasons import Reason


def sentence(reason: Reason) -> str:
    """What happened and where, as one sentence."""
    raise NotImplementedError
