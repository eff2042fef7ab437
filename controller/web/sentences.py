"""Error codes and reasons in sentences: what happened, and what to do.

Rules: a sentence is for the person at the desk; it blames nobody and ends with the next step where there is one. Codes
are the stable ones of `audio`, `controller.domain` and the wire. A code that is not here gets a plain fallback that
still shows it, so that it can be told to a technician.
"""

from collections.abc import Mapping
from typing import Final

from agents.protocol.journal import FailReason, RefusalReason, SkipReason
from controller.web.cap.sentences import CAP_CODES
from controller.web.emergency.codes import ALARM_CODES
from controller.web.i18n import N_, Translator
from controller.web.plancodes import PLAN_CODES

CODES: Mapping[str, str] = {
    **CAP_CODES,
    **ALARM_CODES,
    # what was handed in
    "text_empty": N_("There is no text to read. Type the bulletin, or choose a recording."),
    "text_empty_there": N_("One of the further languages has no text yet. Type it, or remove that language."),
    "recording_missing_there": N_(
        "One of the further languages has no recording yet. Choose or record it, or remove that language."
    ),
    "expiry_malformed": N_("This is no date and time. Choose one, or leave the field empty."),
    "text_too_long": N_("The text is too long to broadcast as one bulletin. Shorten it, or send it in parts."),
    "text_other_script": N_("This text is in a script that no voice here can read. Write it in Latin letters."),
    "title_too_long": N_("The title is too long. Use at most 200 characters."),
    "language_unknown": N_("There is no voice for this language. Choose Vietnamese or English."),
    "rate_out_of_range": N_("The reading speed must be between 110 and 150 words a minute."),
    "recording_unreadable": N_(
        "This file cannot be read as sound. It may be damaged or not a recording; try saving it again as MP3 or WAV."
    ),
    "recording_empty": N_("The recording is empty or too short to be heard. Choose another file."),
    "recording_without_sound": N_("This file holds no sound. Choose a recording."),
    "recording_silent": N_("The recording is silent from beginning to end. Check the microphone and record again."),
    "recording_too_long": N_("The recording is too long for one bulletin. Cut it into shorter parts."),
    "too_large_recording": N_("The file is too large. Save it as MP3 or cut it into shorter parts."),
    "recording_missing": N_("Choose a recording first."),
    "recording_unfinished": N_("The recording has not arrived yet. Wait for the upload, or choose the file again."),
    "upload_unknown": N_("This upload is no longer there. Choose the file again."),
    "upload_busy": N_("This upload is being sent already, perhaps from another window. Wait a moment."),
    "upload_offset": N_("The upload has got on meanwhile. Ask how far it is, and go on from there."),
    "upload_too_long": N_("More was sent than the upload was said to hold. Choose the file again."),
    "upload_interrupted": N_("The connection broke off. What arrived is kept; go on from there."),
    "too_many_uploads": N_("Too many uploads are under way. Finish or cancel one of them first."),
    "upload_incomplete": N_("The upload broke off. Nothing was kept; send the file again."),
    # making it sound
    "voice_missing": N_("No voice is installed for this language. Ask a technician to install one."),
    "voice_failed": N_("The voice could not read this text. Try again, or change the text."),
    "tool_missing": N_("The sound converter is not installed on the server. Ask a technician to install ffmpeg."),
    "tool_failed": N_("The sound could not be prepared. Try again; if it happens again, tell a technician."),
    "tool_timed_out": N_("Preparing the sound took too long and was given up. Try a shorter bulletin."),
    "out_of_space": N_("The server's disk is full. Nothing was kept; free some space and try again."),
    "cancelled": N_("The preparation was cancelled."),
    # what was noticed in the sound
    "very_quiet": N_("The recording was very quiet and has been made louder; noise may be heard."),
    "clipped": N_("The recording is distorted in places because it was recorded too loud."),
    "mostly_silent": N_("Most of the recording is silence. Check that it is the right file."),
    "silence_trimmed": N_("Silence at the beginning and at the end has been cut off."),
    "out_of_phase": N_("Left and right cancelled each other, so only one of them is used."),
    "truncated": N_("The recording ends earlier than the file says. Check that nothing is missing at the end."),
    "off_level": N_("The loudness could not be brought exactly to the usual level. Listen before you send it."),
    # making up a bulletin or a programme
    "title_empty": N_("Give it a title, so that it can be found again."),
    "variant_missing": N_("There is nothing to hear yet. Type a text, or choose a recording."),
    "variant_twice": N_("One language comes twice. Keep one of the two."),
    "too_many_variants": N_("A bulletin has at most 6 languages. Make a second bulletin for the others."),
    "voice_unknown": N_("This voice is not there, or does not read this language. Choose another one."),
    "class_reserved": N_(
        "An emergency is not sent as a bulletin of the station. It comes from a level above, by its API token."
    ),
    "class_unknown": N_(
        "A bulletin is ordinary, priority or emergency; a programme is ordinary or priority. Choose one of these."
    ),
    "expiry_passed": N_("It would have expired already. Choose a later time, or none."),
    "times_out_of_range": N_("A bulletin is read 1 to 3 times."),
    "pause_out_of_range": N_("The pause is from 0 to 30 seconds."),
    "items_missing": N_("A programme needs at least one bulletin or relay. Add one."),
    "too_many_items": N_("That is too much for one programme. Take something out, or make two of it."),
    "silence_out_of_range": N_("A silence in a programme is at most 10 minutes long."),
    "relay_name_missing": N_("Say which station is relayed, such as VOV1."),
    "relay_name_too_long": N_("The name of a relayed station has at most 100 letters. Shorten it."),
    "relay_source_malformed": N_(
        "The address of the relay is no address of a stream. It begins with http:// or https:// and has no spaces."
    ),
    "relay_source_has_password": N_(
        "The address of the relay has a name or a password in it, and everybody can read it here. Leave them out."
    ),
    "relay_second_same": N_("The second source of the relay is its first one. Give another address, or none."),
    "relay_out_of_range": N_("A relay is from half a minute to 3 hours long."),
    "programme_too_long": N_("A programme is at most 12 hours long. Take something out, or make two of it."),
    "bulletin_unknown": N_("One of the bulletins is not there, or not in your areas. Choose again."),
    "tune_unknown": N_("This signature tune is not there any more. Choose another one."),
    "tune_not_ready": N_("A signature tune is not ready to be heard. Wait a moment, or choose another one."),
    "changed_meanwhile": N_("Somebody changed this meanwhile. Look at what it is now, then change it again."),
    "withdrawn": N_("This was withdrawn, so it can be neither changed nor sent. Make a new one."),
    "bulletin_expired": N_("The bulletin has expired. Give it a later expiry if it is still true."),
    "recording_gone": N_("The recording is not kept any more. Hand it in again."),
    # how words are said
    "pronunciation_empty": N_("Give a word as it is written, and how it is to be read."),
    "pronunciation_too_long": N_("This is too long. Use at most 100 letters as written, and 300 as read."),
    "pronunciations_too_many": N_("There are 500 words with a reading of their own already. Take one out first."),
    "source_refused": N_(
        "The source of the relay leads to where this station does not connect. Choose another address, or allow it in "
        "the settings."
    ),
    "source_unreachable": N_(
        "The source of the relay cannot be reached. Look at its address, and whether it is on the air."
    ),
    "source_unreadable": N_(
        "The source of the relay is no sound. Give the address of the stream itself, not that of a page."
    ),
    "source_stalled": N_("Nothing has come from the source of the relay for some time. It is tried again."),
    "voices_unusable": N_(
        "The file of voices cannot be used. Ask a technician to correct the line that the log names."
    ),
    # deeds that nobody does by mistake
    "word_wrong": N_("That is not the word that is asked for. Nothing was sent. Type it as it stands there."),
    "template_missing": N_("Pick what has happened, or write a text of your own."),
    "cap_file_missing": N_("Choose the file of an alert first."),
    # sending
    "no_targets": N_("Choose at least one speaker."),
    "no_speakers": N_("There is no speaker yet. Adopt one first."),
    "speaker_unknown": N_("One of the chosen speakers is no longer there. Choose again."),
    "time_passed": N_("That time has passed. Choose a later one, or send now."),
    "start_in_past": N_("That time has passed. Choose a later one, or send now."),
    "time_missing": N_("Choose the date and time."),
    "too_far_ahead": N_("That time is too far ahead. Choose an earlier one."),
    "not_ready": N_("The sound is not ready yet. Wait until you have been able to listen to it."),
    "bulletin_not_ready": N_("The sound is not ready yet. Wait until you have been able to listen to it."),
    "already_ended": N_("This airing has already ended."),
    "no_title": N_("Say what it is about: a title of at most 200 letters is needed."),
    "not_live": N_("Nothing is on the air live there any more."),
    "live_already": N_("Something is on the air live there already."),
    "microphone_taken": N_("Another microphone is at it already, perhaps in another window. Close that one first."),
    "not_sound": N_("What came from the microphone is no sound that can be sent. Load the page again and try again."),
    "too_much_sound": N_("More came from the microphone than can be heard. Load the page again and try again."),
    "microphone_failed": N_(
        "The station cannot read any more what comes from this microphone. Load the page again and try again; if it"
        " happens again, tell the administrator: the log says why."
    ),
    "live_ended": N_("The live broadcast has ended."),
    "live_stopped": N_("The live broadcast was stopped."),
    "live_longest": N_("The live broadcast has ended: its time is over."),
    "live_closing": N_(
        "The live broadcast has ended, because the station's program is being restarted. What was said is kept; begin"
        " again in a moment."
    ),
    "live_microphone_lost": N_("The live broadcast has ended, because nothing came from the microphone any more."),
    "stop_all_latched": N_("Everything is stopped. Allow playing again before you send."),
    "clock_not_synchronised": N_(
        "The server is not sure of the time, so it plans nothing. Check its network time, then try again."
    ),
    "approval_needed": N_(
        "Somebody else has to approve this before it is heard. Make a schedule of it: it then waits for approval."
    ),
    "guard_quiet_hours": N_(
        "It would reach into quiet hours on one of the speakers. Choose another time, or leave that speaker out."
    ),
    "guard_slot_too_long": N_(
        "It is longer than a slot may be on one of the speakers. Make it shorter, or leave that speaker out."
    ),
    "guard_slots_used_up": N_(
        "One of the speakers has had all the slots of that day, or keeps them for what is planned. Choose another day."
    ),
    "guard_minutes_used_up": N_(
        "One of the speakers has too few minutes of that day left beside what is planned. Choose another day."
    ),
    # finding and adopting
    "code_wrong": N_("The code was wrong, and it is used up now. Let the device identify itself again for a new code."),
    "code_malformed": N_("The code has 6 digits. Listen again and type all of them."),
    "no_code_open": N_("The device has no code yet. Let it identify itself first."),
    "device_gone": N_("The device is no longer connected. Check its power and network, then try again."),
    "speaker_away": N_("The speaker is not connected now. Try again when it is."),
    "action_unknown": N_("There is no such action on this speaker."),
    "fault_unknown": N_("There is no such fault."),
    "box_in_use": N_("This box hangs on another speaker of this station. Release that speaker first."),
    "log_not_there": N_("The log has not come. Ask for it again."),
    "device_unreachable": N_("The device does not answer now. Try again when it is connected."),
    "device_refused": N_("The device refused to be adopted. Let it identify itself again."),
    "too_many_identifies": N_("It has spoken its code five times. Switch its power off and on, then try again."),
    "identify_too_late": N_(
        "A device speaks its code only in the first ten minutes after power-on. Switch it off and on, then try again."
    ),
    "name_taken": N_("Another speaker already has this name. Choose a different one."),
    "name_empty": N_("Give the speaker a name, such as the place where it stands."),
    "name_too_long": N_("The name is too long. Use at most 200 characters."),
    "area_unknown": N_("This area is not known here. Choose another one."),
    "area_of_country": N_(
        "This area is of the country's official list. An administrator of the whole station changes it, on its page."
    ),
    "area_name_taken": N_("An area beside it has this name already. Choose another name."),
    "area_closed": N_("This area is not open on that day. Choose another day, or another area."),
    "area_changed_later": N_(
        "A later change of this area is known already. Take that back first, or choose a later day."
    ),
    "area_not_closed": N_("This area is open, so there is nothing to take back."),
    "parts_too_few": N_("Name at least one area to merge, and at least two to split into."),
    "successor_missing": N_("Say what it is merged into: an area that is there, or the name of a new one."),
    "group_name_taken": N_("Another group has this name. Choose a different one."),
    "turns_all_same": N_(
        "All have the same turn, so they would all speak at once. Give each its turn, or set 0 seconds."
    ),
    "group_empty": N_("Choose at least one speaker for the group."),
    "group_too_large": N_("A group has at most 1,000 speakers. Make a second one for the others."),
    "group_in_use": N_("Something is planned for this group. Withdraw it, or plan it for others, first."),
    "stagger_out_of_range": N_(
        "The last turn may begin at most 600 seconds later. Choose fewer seconds, or fewer turns."
    ),
    "speaker_staggers_twice": N_("One of these speakers has a turn in another group already. It can have only one."),
    "area_in_use": N_("This area is still in use. Move its speakers and the areas in it elsewhere first."),
    "area_in_itself": N_("An area cannot be put into itself or into an area inside it. Choose another one."),
    "area_level_malformed": N_("Say what kind of area this is, such as village, in at most 40 characters."),
    "place_out_of_range": N_(
        "These are not degrees of latitude and longitude. Type them as a map shows them, such as 21.0285, 105.8542; a "
        "link to a map will not do."
    ),
    "token_out_of_range": N_("A token is for 1 to 10,000 devices and at most 30 days."),
    "token_used": N_("This enrolment token is used up or has expired. Make a new one."),
    "adopted_elsewhere": N_(
        "This device belongs to another controller. Release it there, or reset it at its box: loa-agent reset --yes."
    ),
    "already_adopted": N_("This device has already been adopted."),
    "volume_out_of_range": N_("The volume is from 0 to 100 percent."),
    "delay_out_of_range": N_("A speaker begins later by 0 to 10,000 milliseconds."),
    "volume_above_limit": N_("This is louder than the limit set for the speaker."),
    # signing in
    "sign_in_wrong": N_("The name or the password is not right."),
    "sign_in_too_often": N_("Too many attempts. Wait a minute, then try again."),
    "form_expired": N_("This page was open for too long. Load it again and repeat what you did."),
    "account_closed": N_("This account is closed. Ask an administrator to open it again."),
    # people and API tokens
    "person_unknown": N_("This person is not there, or not in your areas."),
    "person_name_invalid": N_(
        "This cannot be a name to sign in with. Use letters, digits, spaces, and . - _ @ ' between them; at most 60."
    ),
    "person_name_taken": N_("Somebody already signs in with this name. Choose a different one."),
    "full_name_too_long": N_("The full name is too long. Use at most 200 characters."),
    "role_too_wide": N_(
        "You can give and take roles only on areas where you are an administrator yourself. Choose one of these areas."
    ),
    "person_too_wide": N_(
        "This person has roles outside of your areas too. Ask an administrator of the whole station to do this."
    ),
    "last_administrator": N_(
        "This is the last administrator of the whole station. Make somebody else one first, then try again."
    ),
    "api_token_unknown": N_("This API token is not there, or not in your areas."),
    "token_name_invalid": N_("Give the token a name, such as the system that will use it; at most 60 characters."),
    "token_name_taken": N_("Another token in force has this name. Choose a different one."),
    "token_rights_missing": N_("Choose at least one thing that the token may do."),
    "token_rights_wrong": N_("This cannot be given in a token. Choose from the list."),
    "token_days_out_of_range": N_("A token is valid for 1 to 730 days."),
    # what comes from above
    "reference_invalid": N_("Give the bulletin a reference of 1 to 200 printable letters."),
    "reference_taken": N_("Something else was handed in under this reference. Use a new reference."),
    "areas_missing": N_("Name at least one area, and at most 100."),
    "area_outside_token": N_(
        "This token is for another area. Ask an administrator of the station for one for this area."
    ),
    "zone_missing": N_("Say the time with its zone, such as 2026-03-02T17:00:00+07:00."),
    "validity_passed": N_("The time in which this may be heard has passed. Choose a later end."),
    "validity_order": N_("The time in which this may be heard ends before it begins. Choose a later end."),
    "validity_too_long": N_("This may be heard for a year at most. Choose an earlier end."),
    "hand_in_open": N_("This came from above and nobody has taken it. It can be sent once it is taken."),
    "token_revoked": N_("This API token was revoked. Ask an administrator of the station for a new one."),
    "from_above": N_("This came from above, so it stays as it was handed in. Take it or decline it where it waits."),
    "hand_in_decided": N_("This was decided already, or taken back. Look at what became of it."),
    "not_to_be_declined": N_("Only an ordinary bulletin can be declined. Give this one its place."),
    "not_valid_yet": N_("This may not be heard yet. Choose a later time."),
    "reason_missing": N_("Say why it is declined. Its sender is told."),
    "reason_too_long": N_("The reason is too long. Use at most 1000 characters."),
    # the house itself
    "store_failed": N_("The database could not be written. Nothing was changed; tell a technician."),
    "invalid": N_("Something in the form cannot be used. Check it and try again."),
    "refused": N_("This is not possible as things stand."),
    "not_found": N_("What you are looking for is not there, or no longer there."),
    "internal": N_("Something went wrong on the server. It has been recorded; try again."),
    **PLAN_CODES,
}

SKIPPED: Mapping[SkipReason, str] = {
    SkipReason.LATE: N_("It was too late to join in when the speaker could have played it."),
    SkipReason.TIME_UNKNOWN: N_("The speaker did not know the time, so it stayed silent."),
    SkipReason.STOPPED: N_("Everything was stopped at that time."),
    SkipReason.DISPLACED: N_("Another airing that goes first was on the air."),
    SkipReason.WITHDRAWN: N_("It was taken out of the plan before it began."),
    SkipReason.GUARDED: N_("Quiet hours had begun, or the slots or minutes of the day were used up."),
}

FAILED: Mapping[FailReason, str] = {
    FailReason.CLIP_MISSING: N_("The sound file was not on the speaker in time."),
    FailReason.CLIP_CORRUPT: N_("The sound file that arrived was not the one that was sent, so it was not played."),
    FailReason.FETCH_FAILED: N_("The speaker could not fetch the sound file. Check its connection."),
    FailReason.DISK_FULL: N_("The speaker's disk is full."),
    FailReason.OUTPUT_FAILED: N_("The speaker's sound output failed. Check its sound card and wiring."),
    FailReason.DECODE_FAILED: N_("The speaker could not decode the sound file."),
    FailReason.INTERRUPTED: N_("The speaker lost power or its program in the middle, and it was too late to go on."),
}

REFUSED: Mapping[RefusalReason, str] = {
    RefusalReason.MALFORMED: N_("The document could not be understood."),
    RefusalReason.TOO_LARGE: N_("The document was too large."),
    RefusalReason.UNKNOWN_KEY: N_("It was signed with a key the speaker does not know."),
    RefusalReason.BAD_SIGNATURE: N_("The signature was wrong: the document was changed or forged."),
    RefusalReason.KIND_NOT_TRUSTED: N_("The key may not sign this kind of document."),
    RefusalReason.NOT_FOR_ME: N_("It was meant for another speaker."),
    RefusalReason.OUT_OF_SCOPE: N_("The key may not speak for this area or class."),
    RefusalReason.EXPIRED: N_("It had expired."),
    RefusalReason.NOT_YET_VALID: N_("It was dated in the future; check the clocks."),
    RefusalReason.REPLAYED: N_("It had been used before: someone may be repeating old orders."),
    RefusalReason.TIME_UNKNOWN: N_("The speaker did not know the time, so it could not check the date."),
    RefusalReason.UNKNOWN_ACTION: N_("The speaker's software does not know this order. Update it."),
}

ENDED: Final = {"ended": N_("It was ended at the desk before its end.")}
"""What an order says of an airing; see the journal."""

FALLBACK = N_("Something went wrong (code: %(code)s). Try again, or tell a technician this code.")


def sentence(code: str, say: Translator) -> str:
    """What to tell a person about an error ``code``."""
    known = CODES.get(code)
    return say.gettext(FALLBACK, code=code) if known is None else say.gettext(known)


def skip_sentence(reason: SkipReason, say: Translator) -> str:
    """Why an airing did not sound by rule."""
    return say.gettext(SKIPPED[reason])


def fail_sentence(reason: FailReason, say: Translator) -> str:
    """Why an airing did not sound by fault."""
    return say.gettext(FAILED[reason])


def refusal_sentence(reason: RefusalReason, say: Translator) -> str:
    """Why a speaker did not obey a signed document."""
    return say.gettext(REFUSED[reason])


def playback_sentence(reason: str | None, say: Translator) -> str:
    """The sentence for the reason kept with a playback, whichever family it is of; empty where there is none."""
    if not reason:
        return ""
    if reason in ENDED:
        return say.gettext(ENDED[reason])
    for family in (SKIPPED, FAILED, REFUSED):
        for known, said in family.items():
            if known.value == reason:
                return say.gettext(said)
    return sentence(reason, say)
