"""What can be wrong with emergencies, drills and stops, in sentences; part of `controller.web.sentences`."""

from collections.abc import Mapping
from typing import Final

from controller.web.i18n import N_

ALARM_CODES: Final[Mapping[str, str]] = {
    "template_unknown": N_("There is no such template. Choose one of those that are offered."),
    "template_not_made": N_(
        "A fixed part of the template could not be made into sound. Try again, or write the text yourself."
    ),
    "slot_missing": N_("Something is still to be filled in. Fill in every field of the template."),
    "slot_unknown": N_("The template has no such field. Load the page again."),
    "slot_too_long": N_("One of the fields is too long. Use at most 300 characters."),
    "lasts_out_of_range": N_("It can last from one second to seven days. Choose another length, or end it yourself."),
    "too_many_references": N_("It would replace too many others. End some of them first."),
    "emergency_unknown": N_("This emergency is not there any more. Look at the list again."),
    "emergency_not_ready": N_("Its sound is not ready yet. Wait a moment, or make again what failed."),
    "emergency_decided": N_("Somebody has decided on it already. Look at what became of it."),
    "emergency_expired": N_("Its time is over, so that it is not sent any more. Prepare it anew."),
    "emergency_over": N_("It is not on the air any more. There is nothing left to correct or to end."),
    "emergency_not_stopped": N_("No stop has silenced it, so there is nothing to prepare again."),
    "stopped_too_scattered": N_(
        "It was stopped in more areas than one emergency can name. Prepare it anew, for some of them at a time."
    ),
    "second_person_needed": N_(
        "You prepared it yourself. Another person has to confirm it, with a sign-in of their own."
    ),
    "person_needed": N_("Only a person who is signed in can do this. Sign in and try again."),
    "break_glass_forbidden": N_(
        "In one of these areas nobody may send an emergency alone. Ask a second person to confirm it."
    ),
    "drill_and_real": N_("A drill and the real thing are never mixed. Prepare a new one of the right kind."),
    "stop_unknown": N_("This stop does not hold any more. Load the page again."),
    "stop_over": N_("This stop does not hold any more. Load the page again."),
}
