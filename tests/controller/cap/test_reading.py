"""Reading alerts: what is an alert, what is not, and why."""

import pytest

from controller.cap import (
    CapState,
    Category,
    Certainty,
    Circle,
    FileKind,
    Limits,
    MessageType,
    Pair,
    Severity,
    Trust,
    Urgency,
    read_file,
)
from tests.controller.cap.alerts import NOW_US, SENDER, SENT, area, cap, codes, info, look, references, text, us


def test_an_alert_is_understood_whole() -> None:
    resource = (
        "<resource><resourceDesc>Bản ghi</resourceDesc><mimeType>audio/mpeg</mimeType><size>12</size>"
        "<uri>https://example.org/a.mp3</uri></resource>"
    )
    where = area(
        "<circle>10.5,106.5 3.5</circle><geocode><valueName>vn-commune</valueName><value>26734</value></geocode>"
        "<altitude>10</altitude><ceiling>300.5</ceiling>"
    )
    more = (
        "<addresses>a@example.org &quot;trạm số 2&quot;</addresses><code>x</code><code>y</code>"
        "<incidents>bão-9</incidents>"
    )
    reading = look(cap(more=more, infos=info(certainty="Very Likely", resources=resource, areas=where)))
    alert = reading.alert
    assert alert is not None
    assert reading.state is CapState.HELD
    assert reading.reasons == ()
    assert (alert.identifier, alert.sender, alert.sent, alert.sent_us) == ("lu.1", SENDER, SENT, us(SENT))
    assert (alert.addresses, alert.codes, alert.incidents) == (("a@example.org", "trạm số 2"), ("x", "y"), ("bão-9",))
    (said,) = alert.infos
    assert (said.language, said.categories, said.event) == ("vi-VN", (Category.MET,), "Lũ")
    assert (said.urgency, said.severity, said.certainty) == (Urgency.IMMEDIATE, Severity.SEVERE, Certainty.LIKELY)
    assert said.expires_us == us("2026-11-22T11:30:00+07:00")
    assert said.resources[0].is_audio
    assert said.resources[0].size_bytes == 12
    (place,) = said.areas
    assert (place.circles, place.geocodes) == ((Circle(10.5, 106.5, 3.5),), (Pair("vn-commune", "26734"),))
    assert (place.altitude_ft, place.ceiling_ft) == (10, 300.5)


def test_an_info_without_a_language_is_in_american_english() -> None:
    for written in ("", "<language/>"):
        alert = look(cap(infos=info(language=written))).alert
        assert alert is not None
        assert alert.infos[0].language == "en-US"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "utf-8"),
        ("latin-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
        ("utf-16", "UTF-16"),
    ],
)
def test_texts_are_read_in_the_encoding_that_they_declare(encoding: str, declared: str) -> None:
    raw = f'<?xml version="1.0" encoding="{declared}"?>\n{text(infos=info(event="Café, naïve"))}'.encode(
        encoding, "xmlcharrefreplace"
    )
    alert = look(raw).alert
    assert alert is not None
    assert alert.infos[0].event == "Café, naïve"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "file_empty"),
        (b" \r\n\t", "file_empty"),
        (b"\x00\x00\x00", "file_empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "file_not_xml"),
        (b"not at all", "file_not_xml"),
        (b'{"alert": 1}', "file_is_json"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "file_is_html"),
        (b"<html><body><p>unclosed</body>", "file_is_html"),
        (b'<html xmlns="http://www.w3.org/1999/xhtml"/>', "file_is_html"),
        (b"<alert", "xml_malformed"),
        (b"<?xml ", "xml_malformed"),
        (b"<a>&undeclared;</a>", "xml_malformed"),
        ("<a>é</a>".encode("latin-1"), "encoding_broken"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "encoding_unknown"),
        (b'<!DOCTYPE alert [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><alert>&b;</alert>', "xml_document_type"),
        (b'<!-- x --><?y z?><!DOCTYPE alert SYSTEM "http://127.0.0.1/evil.dtd"><alert/>', "xml_document_type"),
        (b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><a/>', "xml_document_type"),
        (b"<a>" * 60 + b"</a>" * 60, "xml_too_deep"),
        (b"<a>" * 400 + b"</a>" * 400, "xml_too_deep"),
        (b"<rss " + b" ".join(b'a%d="x"' % n for n in range(100)) + b"/>", "xml_too_many_attributes"),
        (b"<rss a='" + b"x" * 10_000 + b"'/>", "xml_attribute_too_long"),
        (b"<rss>" + b"x" * 250_000 + b"</rss>", "xml_text_too_long"),
        (b"<rss>" + b"<a/>" * 450_000 + b"</rss>", "xml_too_many_elements"),
        (b"<rss/>", "no_alert_inside"),
        (b"<books/>", "root_unknown"),
        (cap(namespace="urn:oasis:names:tc:emergency:cap:1.1"), "version_old"),
        (cap(namespace="http://www.incident.com/cap/1.0"), "version_old"),
        (cap(namespace="urn:example"), "namespace_unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_alert_is_refused_with_the_reason(raw: bytes, code: str) -> None:
    reading = look(raw)
    assert (reading.alert, reading.state) == (None, CapState.REFUSED)
    assert codes(reading) == {code}


def test_a_file_larger_than_allowed_is_not_parsed() -> None:
    assert codes(look(cap(), limits=Limits(file_bytes=100))) == {"file_too_large"}


def test_a_comment_does_not_cut_what_is_read() -> None:
    alert = look(cap(identifier="lu<!-- x -->.<?y z?>1<![CDATA[2]]>")).alert
    assert alert is not None
    assert alert.identifier == "lu.12"


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"scope": ""}, "schema_unexpected", "info[1]"),
        ({"status": "Real"}, "schema_value", "status"),
        ({"status": ""}, "schema_value", "status"),
        ({"kind": "alert"}, "schema_value", "msgType"),
        ({"more": "<colour>red</colour>"}, "schema_unexpected", "colour"),
        ({"sent": "2026-11-22T05:30:00Z"}, "instant_malformed", "sent"),
        ({"sent": "2026-11-22T05:30:00.5+07:00"}, "instant_malformed", "sent"),
        ({"sent": "2026-11-22T05:30:00"}, "instant_malformed", "sent"),
        ({"sent": "2026-02-30T05:30:00+07:00"}, "instant_malformed", "sent"),
        ({"sent": "2026-11-22T05:30:00+15:00"}, "instant_malformed", "sent"),
        ({"infos": info(category="Weather")}, "schema_value", "info[1].category"),
        ({"infos": info(urgency="Soon")}, "schema_value", "info[1].urgency"),
        ({"infos": info(times="<expires>tomorrow</expires>")}, "instant_malformed", "info[1].expires"),
        ({"infos": info(language="<language>tiếng Việt</language>")}, "schema_value", "info[1].language"),
        ({"infos": info(areas="<area><polygon>1,1</polygon></area>")}, "schema_unexpected", "info[1].area[1].polygon"),
        ({"infos": info() + info(areas=area("<circle/><polygon/>"))}, "schema_unexpected", "info[2].area[1].polygon"),
    ],
    ids=str,
)
def test_what_breaks_the_schema_is_refused_and_the_place_is_named(
    changes: dict[str, str], code: str, where: str
) -> None:
    reading = look(cap(**changes))
    assert (reading.alert, reading.state) == (None, CapState.REFUSED)
    assert (code, where) in {(one.code, one.where) for one in reading.reasons}


# --- section 3, beyond the schema -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"identifier": "lu 1"}, "name_characters"),
        ({"identifier": "lu,1"}, "name_characters"),
        ({"identifier": "lu&amp;1"}, "name_characters"),
        ({"sender": "a&lt;b"}, "name_characters"),
        ({"identifier": ""}, "name_empty"),
        ({"sender": "  "}, "name_empty"),
        ({"scope": "<scope>Private</scope>"}, "addresses_missing"),
        ({"scope": "<scope>Restricted</scope>"}, "restriction_missing"),
        ({"kind": "Update"}, "references_missing"),
        ({"kind": "Cancel", "infos": ""}, "references_missing"),
        ({"kind": "Ack", "infos": "", "more": "<references/>"}, "references_missing"),
        ({"kind": "Error", "infos": ""}, "references_missing"),
        ({"kind": "Update", "more": "<references>a,b</references>"}, "reference_malformed"),
        ({"kind": "Update", "more": "<references>a,b,2026-11-22T05:30:00Z</references>"}, "reference_malformed"),
        ({"kind": "Update", "more": references("lu.1")}, "reference_to_itself"),
        ({"sent": "0001-01-01T00:00:00+14:00"}, "instant_malformed"),
        ({"infos": info(times="<expires>9999-12-31T23:59:59-14:00</expires>")}, "instant_malformed"),
        ({"infos": ""}, "info_missing"),
        ({"infos": info(event=" ")}, "event_empty"),
        ({"infos": info(times="<expires>2026-11-22T05:29:00+07:00</expires>")}, "expires_before_effective"),
        ({"infos": info(areas=area(name=""))}, "area_description_empty"),
        ({"infos": info(areas=area("<ceiling>10</ceiling>"))}, "ceiling_without_altitude"),
        ({"infos": info(areas=area("<altitude>20</altitude><ceiling>10</ceiling>"))}, "ceiling_below_altitude"),
        ({"infos": info(areas=area("<polygon>10,106 10,107 11,107 11,106</polygon>"))}, "polygon_open"),
        ({"infos": info(areas=area("<polygon>10,106 10,107 10,106</polygon>"))}, "polygon_too_few_points"),
        ({"infos": info(areas=area("<polygon>10,106 10,107, 11,107 10,106</polygon>"))}, "polygon_malformed"),
        ({"infos": info(areas=area("<polygon>91,106 10,107 11,107 91,106</polygon>"))}, "polygon_off_the_earth"),
        ({"infos": info(areas=area("<circle>10,106</circle>"))}, "circle_malformed"),
        ({"infos": info(areas=area("<circle>10,190 5</circle>"))}, "circle_off_the_earth"),
        ({"infos": info(areas=area("<circle>10,106 -5</circle>"))}, "circle_radius"),
    ],
    ids=str,
)
def test_what_breaks_a_rule_of_the_standard_is_refused(changes: dict[str, str], code: str) -> None:
    reading = look(cap(**changes))
    assert reading.alert is not None
    assert reading.state is CapState.REFUSED
    assert code in codes(reading)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"more": "<restriction>nội bộ</restriction>"}, "restriction_of_public"),
        ({"kind": "Update", "more": references("lu.0", sender="other@example.org")}, "reference_other_sender"),
        ({"kind": "Update", "more": references("lu.0", sent="2026-11-23T05:30:00+07:00")}, "reference_to_later"),
        ({"infos": info(areas="")}, "area_missing"),
        ({"infos": info(areas=area(""))}, "area_without_place"),
        (
            {"infos": info(areas=area("<polygon>10,106 11,107 11,106 10,107 10,106</polygon>"))},
            "polygon_crosses_itself",
        ),
        ({"infos": info(areas=area("<polygon>80,0 80,120 80,-120 80,0</polygon>"))}, "polygon_round_a_pole"),
        ({"infos": info(areas=area("<polygon>10,106 10,107 10,108 10,106</polygon>"))}, "polygon_without_inside"),
        ({"infos": info(areas=area("<circle>10,106 0</circle>"))}, "circle_without_radius"),
        ({"infos": info() + info(language="<language>en</language>", category="Fire")}, "languages_differ"),
        ({"infos": info() + info(language="<language>en</language>", severity="Minor")}, "languages_differ"),
    ],
    ids=str,
)
def test_what_is_doubtful_waits_for_a_person_and_says_why(changes: dict[str, str], code: str) -> None:
    reading = look(cap(**changes))
    assert reading.state is CapState.HELD
    assert code in {one.code for one in reading.reasons if one.weight == "warning"}


def test_two_infos_of_one_language_may_differ_where_the_other_language_has_both() -> None:
    both = (info(severity="Severe") + info(severity="Minor")).replace("vi-VN", "{}")
    reading = look(cap(infos=both.replace("{}", "vi-VN") + both.replace("{}", "en")))
    assert reading.reasons == ()


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ("<mimeType>sound</mimeType><uri>https://example.org/a</uri>", "resource_mime_type"),
        ("<mimeType>audio/mpeg</mimeType>", "resource_without_content"),
        ("<mimeType>audio/mpeg</mimeType><uri>a.mp3</uri>", "resource_uri_relative"),
        ("<mimeType>audio/mpeg</mimeType><derefUri>***</derefUri>", "resource_not_base64"),
        ("<mimeType>audio/mpeg</mimeType><derefUri>AAAA</derefUri><digest>00</digest>", "resource_digest"),
    ],
    ids=str,
)
def test_a_resource_that_cannot_be_used_is_told_and_refuses_nothing(resource: str, code: str) -> None:
    whole = f"<resource><resourceDesc>Bản ghi</resourceDesc>{resource}</resource>"
    reading = look(cap(infos=info(resources=whole)))
    assert reading.state is CapState.HELD
    assert codes(reading) == {code}


# --- polygons of any size ---------------------------------------------------------------------------------------------


def test_a_ring_across_the_date_line_is_no_crossing() -> None:
    ring = "<polygon>10,179 10,-179 11,-179 11,179 10,179</polygon>"
    assert look(cap(infos=info(areas=area(ring)))).reasons == ()


def test_a_ring_of_ten_thousand_points_is_read_and_a_tangle_of_as_many_is_refused() -> None:
    import math

    turn = [2 * math.pi * n / 9_999 for n in range(9_999)]
    plain = [f"{10 + math.sin(t):.6f},{106 + math.cos(t):.6f}" for t in turn]
    reading = look(cap(infos=info(areas=area(f"<polygon>{' '.join([*plain, plain[0]])}</polygon>"))))
    assert reading.reasons == ()
    assert reading.state is CapState.HELD
    # A comb turned by 27 degrees: whichever way one looks, its teeth lie side by side.
    sine, cosine = math.sin(0.47), math.cos(0.47)
    comb = [(0.5 * (n % 2), n / 10_000) for n in range(9_997)] + [(-0.1, 1.0), (-0.1, 0.0)]
    turned = [f"{10 + a * cosine - b * sine:.6f},{106 + a * sine + b * cosine:.6f}" for a, b in comb]
    reading = look(cap(infos=info(areas=area(f"<polygon>{' '.join([*turned, turned[0]])}</polygon>"))))
    assert reading.state is CapState.REFUSED
    assert codes(reading) == {"polygon_too_tangled"}


def test_an_alert_of_too_many_elements_is_refused_before_it_is_checked() -> None:
    many = cap(infos="<info>" + "<category>Bad</category>" * 20 + "</info>")
    for few in (Limits(alert_elements=20), Limits(children=10)):
        assert codes(look(many, limits=few)) == {"alert_too_large"}


def test_more_points_infos_areas_or_references_than_allowed_are_refused() -> None:
    few = Limits(points=3, infos=1, areas=1, references=1)
    assert "too_many_points" in codes(look(cap(), limits=few))
    assert "too_many_infos" in codes(look(cap(infos=info() * 2), limits=few))
    assert "too_many_areas" in codes(look(cap(infos=info(areas=area() * 2)), limits=few))
    assert "too_many_references" in codes(look(cap(kind="Update", more=references("a", "b")), limits=few))


# --- wrappers ---------------------------------------------------------------------------------------------------------

ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><entry><id>y</id><content type="text/xml">{}</content></entry>'
    "</feed>"
)
EDXL = (
    '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionStatus>{}</distributionStatus>'
    "<contentObject><xmlContent><embeddedXMLContent>{}</embeddedXMLContent></xmlContent></contentObject>"
    "</EDXLDistribution>"
)


@pytest.mark.parametrize(
    ("wrapper", "kind"),
    [
        (ATOM, FileKind.ATOM),
        ('<entry xmlns="http://www.w3.org/2005/Atom"><content type="text/xml">{}</content></entry>', FileKind.ATOM),
        ("<rss><channel><item>{}</item></channel></rss>", FileKind.RSS),
        (EDXL.replace("{}", "Actual", 1), FileKind.EDXL),
    ],
    ids=str,
)
def test_an_alert_is_found_where_it_may_stand(wrapper: str, kind: FileKind) -> None:
    raw = wrapper.replace("{}", text()).encode()
    file = read_file(raw, limits=Limits(), trust=Trust(), now_us=NOW_US)
    assert (file.kind, [one.state for one in file.readings]) == (kind, [CapState.HELD])
    assert look(raw).alert is not None


@pytest.mark.parametrize(
    "wrapper",
    [
        "<rss><channel><item><description><x>{}</x></description></item></channel></rss>",
        '<feed xmlns="http://www.w3.org/2005/Atom">{}</feed>',
        '<soap xmlns="urn:example">{}</soap>',
    ],
)
def test_an_alert_anywhere_else_is_not_looked_for(wrapper: str) -> None:
    assert look(wrapper.replace("{}", text()).encode()).alert is None


def test_an_envelope_that_is_a_test_makes_a_test_of_what_is_inside() -> None:
    for status in ("Test", "Exercise", "System"):
        reading = look(EDXL.replace("{}", status, 1).replace("{}", text()).encode())
        assert reading.state is CapState.NOT_ACTUAL
        assert "envelope_not_actual" in codes(reading)


def test_several_alerts_are_read_each_by_itself() -> None:
    raw = ATOM.replace("{}", text() + text(identifier="a b") + text(namespace="urn:oasis:names:tc:emergency:cap:1.1"))
    file = read_file(raw.encode(), limits=Limits(), trust=Trust(), now_us=NOW_US)
    assert [one.state for one in file.readings] == [CapState.HELD, CapState.REFUSED, CapState.REFUSED]
    assert codes(look(raw.encode())) == {"several_alerts"}


def test_message_types_are_what_they_say() -> None:
    alert = look(cap(kind="Cancel", more=references("lu.0"), infos="")).alert
    assert alert is not None
    assert alert.message_type is MessageType.CANCEL
