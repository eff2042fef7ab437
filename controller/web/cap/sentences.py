"""What is wrong with alerts, with feeds of them and with what was asked of them, in sentences.

`FINDINGS` are the codes of `controller.cap` and of the CAP desk, with the names of their values;
`CAP_CODES` are those of problems.
"""

from collections.abc import Mapping
from typing import Final

from controller.web.i18n import N_

CAP_CODES: Final[Mapping[str, str]] = {
    "cap_alert_unknown": N_("There is no alert like this here."),
    "cap_decided": N_("This was decided already. Load the page again to see how."),
    "cap_expired": N_("The time of this alert is over. Nothing of it is heard any more."),
    "cap_others_areas": N_(
        "It takes back what is heard in areas where you do not decide. Somebody who does has to confirm it."
    ),
    "cap_not_actual": N_(
        "This alert is not in earnest. An exercise can be heard as a drill; everything else stays silent."
    ),
    "cap_rule_unknown": N_("This rule is not there any more."),
    "cap_feed_unknown": N_("This feed is not there any more."),
    "cap_sender_missing": N_("Name the sender for whom the rule is, exactly as its alerts write it."),
    "cap_scale_unknown": N_("Choose severity, urgency and certainty from those that are offered."),
    "cap_too_many_events": N_("A rule can name 50 events of 200 letters each. Name fewer, or none for all."),
    "cap_feed_url": N_(
        "This is no address of a feed. Write one that begins with http:// or https://, without a password in it."
    ),
    "cap_feed_every": N_("A feed can be asked every 15 seconds at most, and once a day at least."),
    "cap_feed_header": N_(
        "This cannot be sent to a server. Write a header such as Authorization, and its value in plain letters."
    ),
    "cap_sound_digest": N_("The recording is not the one that was meant: its digest differs."),
    "cap_sound_missing": N_("The recording of the alert is not there."),
}

FINDINGS: Final[Mapping[str, str]] = {
    "file_empty": N_("The file is empty."),
    "file_too_large": N_("The file has %(bytes)s bytes; at most %(most)s are read."),
    "file_not_xml": N_("This is not XML."),
    "file_is_html": N_("This is a web page (HTML), not an alert."),
    "file_is_json": N_("This is JSON, not XML."),
    "encoding_unknown": N_("The text is said to be in %(encoding)s, which is not read here. Use UTF-8."),
    "encoding_broken": N_("The text is not in %(encoding)s, as it says of itself: byte %(at)s does not belong there."),
    "xml_malformed": N_("The XML is broken in line %(line)s: %(problem)s."),
    "xml_document_type": N_("The XML has a document type (DTD). Those are not read: they can hide attacks."),
    "xml_entity": N_("The XML has entities of its own. Those are not read: they can hide attacks."),
    "xml_too_deep": N_("The XML has elements in elements more deeply than any alert."),
    "xml_too_many_elements": N_("The XML has more than %(most)s elements."),
    "xml_too_many_attributes": N_("The element %(element)s has more than %(most)s attributes."),
    "xml_attribute_too_long": N_("An attribute of the element %(element)s is longer than %(most)s characters."),
    "xml_text_too_long": N_("The text of the element %(element)s is longer than %(most)s characters."),
    "version_old": N_("This is CAP %(version)s. Only CAP 1.2 is read."),
    "namespace_unknown": N_("The alert is in the namespace '%(namespace)s', which is not that of CAP 1.2."),
    "root_unknown": N_("The document begins with the element %(element)s: it is neither an alert nor a feed."),
    "no_alert_inside": N_("There is no alert inside this file (it is of the kind: %(kind)s)."),
    "alert_too_large": N_("The alert has more than %(most)s elements, or too many of one kind."),
    "several_alerts": N_("There are %(count)s alerts in this file, where one is expected."),
    "too_many_alerts": N_("There are %(count)s alerts in this file; the first %(most)s are read."),
    "list_not_standard": N_("It came in a bare list of alerts, which no standard knows."),
    "schema_element": N_("The element %(element)s may not stand here."),
    "schema_unexpected": N_("The element %(element)s stands where one of these is expected: %(expected)s."),
    "schema_missing": N_("The element %(element)s lacks something: %(expected)s."),
    "schema_value": N_("The element %(element)s may not have the value '%(value)s'."),
    "schema_attribute": N_("The element %(element)s has an attribute that it may not have: %(problem)s"),
    "schema_text": N_("The element %(element)s holds text or elements that it may not hold: %(problem)s"),
    "schema_other": N_("The alert does not follow the schema of CAP 1.2: %(problem)s"),
    "instant_malformed": N_(
        "'%(value)s' in %(element)s is no date and time as CAP writes them, such as 2026-11-22T05:30:00+07:00."
    ),
    "name_empty": N_("The element %(element)s is empty."),
    "name_characters": N_("'%(value)s' in %(element)s has a space, a comma, < or &, which the standard forbids there."),
    "name_too_long": N_("The element %(element)s is longer than 500 characters."),
    "addresses_missing": N_("A private alert must say for whom it is (addresses)."),
    "restriction_missing": N_("A restricted alert must say how it is restricted (restriction)."),
    "restriction_of_public": N_("It is public, and says all the same that it is restricted: '%(restriction)s'."),
    "scope_not_public": N_("It is not meant for everybody (scope %(scope)s)."),
    "references_missing": N_("A message of the type %(type)s must name the alerts that it is about (references)."),
    "reference_malformed": N_("'%(reference)s' is no reference such as sender,identifier,sent."),
    "reference_to_itself": N_("The alert refers to itself."),
    "reference_to_later": N_("It refers to %(identifier)s, which was sent later than itself."),
    "reference_other_sender": N_("It refers to %(identifier)s of another sender (%(sender)s)."),
    "too_many_references": N_("It refers to more than %(most)s alerts."),
    "note_missing_error": N_("An error message should say in a note what was wrong."),
    "note_missing_exercise": N_("An exercise should be named in a note."),
    "offset_of_utc": N_("Universal time is written +00:00; the standard asks for -00:00."),
    "info_missing": N_("The alert says nothing: it has no info."),
    "too_many_infos": N_("The alert has %(count)s infos; at most %(most)s are read."),
    "event_empty": N_("It does not say what the matter is (event)."),
    "text_missing": N_("There is neither headline nor description nor instruction: only the event can be read out."),
    "text_has_markup": N_("The text has marks of HTML in it, which would be read out."),
    "expires_missing": N_("It does not say when it expires."),
    "expires_before_effective": N_("It expires before it takes effect."),
    "expires_before_onset": N_("It expires before what it warns of begins."),
    "importance_unknown": N_("Its urgency or its severity is unknown."),
    "languages_differ": N_("What is said in %(language)s differs from what is said in %(other)s (%(element)s)."),
    "languages_differ_in_codes": N_("The event codes in %(language)s differ from those in %(other)s."),
    "area_missing": N_("It does not say where it holds (no area)."),
    "area_description_empty": N_("An area has no description."),
    "area_without_place": N_("The area '%(area)s' has neither polygon nor circle nor code."),
    "area_unplaced": N_("The area '%(area)s' cannot be found on our map."),
    "area_widened": N_("The outline of the area '%(area)s' is too tangled to follow: its bounds were taken."),
    "too_many_areas": N_("There are %(count)s areas in one info; at most %(most)s are read."),
    "ceiling_without_altitude": N_("There is a ceiling without an altitude."),
    "ceiling_below_altitude": N_("The ceiling lies below the altitude."),
    "geocode_empty": N_("A code of an area has no name or no value."),
    "polygon_malformed": N_("'%(pair)s' in a polygon is no pair such as 10.76,106.66."),
    "polygon_off_the_earth": N_("The point %(pair)s of a polygon is not on the earth."),
    "polygon_too_few_points": N_("A polygon has %(points)s points; it needs four, of which the last is the first."),
    "polygon_open": N_("A polygon is not closed: it begins at %(first)s and ends at %(last)s."),
    "polygon_crosses_itself": N_("A polygon crosses itself: its edges from %(first)s and from %(second)s meet."),
    "polygon_round_a_pole": N_("A polygon goes round a pole: what is inside cannot be told."),
    "polygon_too_tangled": N_("A polygon of %(points)s points is too tangled to be checked."),
    "polygon_without_inside": N_("A polygon encloses nothing."),
    "too_many_points": N_("The polygons have more than %(most)s points."),
    "circle_malformed": N_("'%(text)s' is no circle such as 10.76,106.66 5."),
    "circle_off_the_earth": N_("The circle '%(text)s' is not on the earth."),
    "circle_radius": N_("A circle has a radius of %(radius_km)s km."),
    "circle_without_radius": N_("A circle has no radius: nobody is inside."),
    "resource_mime_type": N_("'%(value)s' is no type of a file."),
    "resource_size": N_("%(value)s is no size of a file."),
    "resource_not_base64": N_("The content of a file that came along cannot be read."),
    "resource_digest": N_("A file that came along is not the one that was meant: its digest differs."),
    "resource_without_content": N_("A file is named, but neither came along nor says where it is."),
    "resource_uri_relative": N_("'%(value)s' does not say on which computer the file is."),
    "signature_missing": N_("It is not signed, and only signed alerts are taken."),
    "signature_does_not_fit": N_("It was changed after it was signed, or not signed by the one who is named."),
    "signature_of_something_else": N_("The signature covers something else than the alert."),
    "signature_too_many": N_("There are too many signatures."),
    "signature_transform": N_("The signature was made in a way that is not read here."),
    "signature_unreadable": N_("The signature cannot be read."),
    "signature_weak": N_(
        "The signature of %(by)s was made with methods too weak to prove anything (SHA-1, or a short key)."
    ),
    "signature_no_key": N_("The signature does not say with which key it was made."),
    "signature_key_unknown": N_("The signature fits, but its key says nothing about who signed."),
    "signature_signer_unknown": N_("It was signed by %(by)s, who is not among those trusted here."),
    "signature_certificate_expired": N_("The certificate of %(by)s had expired."),
    "signature_certificate_not_yet": N_("The certificate of %(by)s was not valid yet."),
    "came_already": N_("It came already."),
    "status_not_actual": N_("It is not meant for real (status %(status)s)."),
    "envelope_not_actual": N_("The envelope that it came in is not meant for real (status %(status)s)."),
    "answer_of_a_system": N_("It is an answer of another system (%(type)s), nothing to broadcast."),
    "overtaken": N_("It was overtaken by %(identifier)s, which came before it."),
    "takes_back": N_("It takes back earlier alerts."),
    "takes_back_unknown": N_("It takes back alerts that never came here: nothing is stopped by it."),
    "takes_the_place": N_("It takes the place of an earlier alert."),
    "update_of_unknown": N_("It updates alerts that never came here: it is taken as a new one."),
    "expired": N_("It had expired: it held until %(at)s."),
    "expired_by_age": N_(
        "It does not say when it expires, and was sent too long ago; it counted as over from %(at)s on."
    ),
    "some_infos_expired": N_("Parts of it (%(count)s) have expired."),
    "sent_in_future": N_("It says that it was sent at %(value)s, which is in the future."),
    "not_yet_effective": N_("It takes effect later."),
    "all_clear": N_("It says that the danger is over."),
    "nobody_there": N_("No speaker stands where it holds."),
    "rule_not_used": N_("The rule '%(rule)s' would let it sound, but a person has to look at what is said above."),
    "admitted": N_("The rule '%(rule)s' lets it go on by itself."),
    "held_by_default": N_("A person decides."),
    "feed_http": N_("The address answered with the HTTP status %(status)s."),
    "feed_entry_without_link": N_("An entry has neither an alert inside nor a link to one."),
    "feed_too_many_entries": N_("The feed has %(count)s entries; the first %(most)s are read."),
    "other_sender": N_(
        "It speaks of an alert of another sender, or came by a way that vouches for less: a person decides."
    ),
    "says_otherwise": N_(
        "Another alert with the same sender, identifier and time says something else. A person decides."
    ),
    "too_many_namesakes": N_(
        "It came by a way that brought %(most)s others already with the same sender, identifier and time, which say"
        " something else. No more are taken."
    ),
    "stopped_here": N_(
        "A rule would have sent it, but everything is stopped there. A person decides: allow playing again, then"
        " confirm or decline it."
    ),
    "no_voice": N_("There is no voice here for what is said in %(language)s."),
    "nothing_to_say": N_("A part of it has neither words nor a recording."),
    "feed_status": N_("The address answered with the HTTP status %(status)s."),
    "feed_unreadable": N_("What it answers is no feed of alerts."),
    "feed_entries": N_("%(left)s of its entries could not be fetched (%(detail)s). They are tried again."),
    "fetch_failed": N_("It could not be fetched (%(detail)s)."),
    "fetch_url": N_("The address cannot be used: %(detail)s"),
    "fetch_host": N_("Nothing is fetched from the host %(detail)s."),
    "fetch_inside": N_(
        "The address leads into the local network (%(detail)s), where nothing is fetched unless that was allowed."
    ),
    "fetch_name": N_("Nobody knows a host of this name (%(detail)s)."),
    "fetch_refused": N_("The server cannot be reached (%(detail)s)."),
    "fetch_tls": N_("The server cannot prove who it is (%(detail)s)."),
    "fetch_slow": N_("The answer did not come in time (%(detail)s)."),
    "fetch_large": N_("The answer is too large (%(detail)s)."),
    "fetch_redirects": N_("The server only ever points elsewhere (%(detail)s redirects)."),
    "fetch_broken": N_("What the server answers is broken (%(detail)s)."),
}
