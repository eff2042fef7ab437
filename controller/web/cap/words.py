"""CAP alerts in the words of persons: states, kinds, and how bad, how soon and how sure something is."""

from collections.abc import Mapping
from typing import Final

from controller.domain.cap_alerts import AlertState, AreaState, MessageType, SendingState, SourceKind, Status
from controller.domain.cap_feeds import FeedState
from controller.web.i18n import N_

STATES: Final[Mapping[AlertState, tuple[str, str, str]]] = {
    AlertState.REFUSED: ("bad", "shield-x", N_("Cannot be used")),
    AlertState.ELSEWHERE: ("quiet", "map-pin", N_("Not for our areas")),
    AlertState.NOT_ACTUAL: ("info", "circle-dashed", N_("Not in earnest")),
    AlertState.HELD: ("warn", "hourglass", N_("Waits for you")),
    AlertState.DECIDED: ("live", "audio-lines", N_("Confirmed")),
    AlertState.DECLINED: ("quiet", "circle-slash", N_("Declined")),
    AlertState.APPLIED: ("ok", "circle-check", N_("Applied to an earlier one")),
    AlertState.WAITING: ("info", "history", N_("Waits for the one it names")),
    AlertState.SUPERSEDED: ("quiet", "replace", N_("Replaced by a later one")),
    AlertState.CANCELLED: ("quiet", "x", N_("Cancelled by its sender")),
    AlertState.IGNORED: ("quiet", "info", N_("Nothing to say")),
    AlertState.OVER: ("ok", "check", N_("Over")),
    AlertState.EXPIRED: ("quiet", "clock-alert", N_("Expired before anybody decided")),
}
"""Tone, icon and word of each."""

EXPLAINED: Final[Mapping[AlertState, str]] = {
    AlertState.REFUSED: N_("It cannot be used. Nothing of it is heard. Why stands below."),
    AlertState.ELSEWHERE: N_("No speaker of this station stands where it holds, so nothing is heard."),
    AlertState.NOT_ACTUAL: N_("Its sender says that it is not in earnest. It is never heard as real."),
    AlertState.HELD: N_("Nothing is heard before somebody has confirmed it."),
    AlertState.DECIDED: N_("It was confirmed, and is heard or on its way."),
    AlertState.DECLINED: N_("It was declined. Nothing of it is heard."),
    AlertState.APPLIED: N_("It changed or ended an earlier alert."),
    AlertState.WAITING: N_("It cancels an alert that has not come. Should that come late, it stays silent."),
    AlertState.SUPERSEDED: N_("Its sender has sent a later one in its place."),
    AlertState.CANCELLED: N_("Its sender has cancelled it."),
    AlertState.IGNORED: N_("It is a word between systems, and says nothing to people."),
    AlertState.OVER: N_("It was heard, and is over."),
    AlertState.EXPIRED: N_("Its time was over before anybody decided, so it was never heard."),
}

SECOND_EXPLAINED: Final = N_(
    "It was confirmed once. Nothing of it is heard before a second person has confirmed it too."
)
"""In place of what `EXPLAINED` says where what was made of it waits."""

MAKING_EXPLAINED: Final = N_("It was confirmed. Its sound is being made; nothing is heard yet.")
LATE_WORD: Final = N_("Expired before it came")
LATE_EXPLAINED: Final = N_("Its time was over before it came, so it was never heard.")

MESSAGES: Final[Mapping[MessageType, str]] = {
    MessageType.ALERT: N_("Alert"),
    MessageType.UPDATE: N_("Update of an earlier alert"),
    MessageType.CANCEL: N_("Cancels an earlier alert"),
    MessageType.ACK: N_("Acknowledgement"),
    MessageType.ERROR: N_("Error message"),
}
STATUSES: Final[Mapping[Status, str]] = {
    Status.ACTUAL: N_("In earnest"),
    Status.EXERCISE: N_("Exercise"),
    Status.SYSTEM: N_("Between systems"),
    Status.TEST: N_("Technical test"),
    Status.DRAFT: N_("Draft"),
}
SOURCES: Final[Mapping[SourceKind, str]] = {
    SourceKind.TOKEN: N_("handed in by %(name)s"),
    SourceKind.UPLOAD: N_("uploaded by %(name)s"),
    SourceKind.FEED: N_("from the feed %(name)s"),
}
AREA_STATES: Final[Mapping[AreaState, str]] = {
    AreaState.HELD: N_("waits"),
    AreaState.AUTOMATIC: N_("by a rule"),
    AreaState.CONFIRMED: N_("confirmed"),
    AreaState.DECLINED: N_("declined"),
}
SENDINGS: Final[Mapping[SendingState, tuple[str, str]]] = {
    SendingState.MAKING: ("info", N_("Its sound is being made")),
    SendingState.PREPARED: ("warn", N_("Waits for a second person")),
    SendingState.SENT: ("live", N_("On the air")),
    SendingState.FAILED: ("bad", N_("Failed")),
    SendingState.DROPPED: ("quiet", N_("Taken back before it was heard")),
    SendingState.ENDED: ("ok", N_("Ended")),
    SendingState.REPLACED: ("quiet", N_("Corrected by a later one")),
}
FEEDS: Final[Mapping[FeedState, tuple[str, str]]] = {
    FeedState.NEW: ("quiet", N_("Not asked yet")),
    FeedState.WELL: ("ok", N_("Answers")),
    FeedState.EMPTY: ("info", N_("Has nothing now")),
    FeedState.FAILING: ("bad", N_("Does not work")),
}
SEVERITIES: Final[Mapping[str, str]] = {
    "Extreme": N_("Extreme"),
    "Severe": N_("Severe"),
    "Moderate": N_("Moderate"),
    "Minor": N_("Minor"),
    "Unknown": N_("Not known"),
}
URGENCIES: Final[Mapping[str, str]] = {
    "Immediate": N_("At once"),
    "Expected": N_("Within the hour"),
    "Future": N_("Later"),
    "Past": N_("Past"),
    "Unknown": N_("Not known"),
}
CERTAINTIES: Final[Mapping[str, str]] = {
    "Observed": N_("Observed"),
    "Likely": N_("Likely"),
    "Possible": N_("Possible"),
    "Unlikely": N_("Unlikely"),
    "Unknown": N_("Not known"),
}
SIGNATURES: Final[Mapping[str, str]] = {
    "valid": N_("Signed by a sender that this station trusts, and unchanged since."),
    "untrusted": N_("Signed, but by nobody that this station trusts."),
    "none": N_("Not signed."),
    "invalid": N_("Its signature does not fit: it was changed on the way, or is not whose it says."),
}
