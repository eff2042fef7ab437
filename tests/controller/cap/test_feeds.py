"""Feeds that are polled, and our own."""

import pytest
from lxml import etree

from controller.cap import AtomEntry, CapState, FeedState, Limits, read_feed, write_feed
from controller.cap.feeds import moment_us
from tests.controller.cap.alerts import cap, codes, look, text, us

ATOM = "http://www.w3.org/2005/Atom"
AT = "2026-11-22T05:30:00+07:00"


def atom(*entries: str) -> bytes:
    head = (
        f'<feed xmlns="{ATOM}"><id>urn:f</id><title>Cảnh báo</title><updated>{AT}</updated><link rel="self" href="x"/>'
    )
    return (head + "".join(f"<entry>{one}</entry>" for one in entries) + "</feed>").encode()


def test_entries_of_an_atom_index_lead_to_alerts() -> None:
    entry = (
        f"<id>urn:1</id><title>Lũ</title><updated>{AT}</updated>"
        '<link rel="alternate" type="text/html" href="page.html"/>'
        '<link rel="self" type="application/cap+xml" href="self"/>'
        '<link rel="related" type="application/cap+xml; charset=utf-8" href="lu.cap"/>'
    )
    feed = read_feed(atom(entry, "<link href='https://example.org/2'/>"), limits=Limits())
    assert (feed.state, feed.title, feed.updated_us) == (FeedState.ENTRIES, "Cảnh báo", us(AT))
    first, second = feed.entries
    assert (first.id, first.link, first.title, first.updated_us) == ("urn:1", "lu.cap", "Lũ", us(AT))
    assert (second.id, second.link, second.updated_us) == ("https://example.org/2", "https://example.org/2", None)


def test_an_alert_inside_an_entry_is_handed_over_whole() -> None:
    feed = read_feed(atom(f'<id>urn:1</id><content type="text/xml">{text()}</content>'), limits=Limits())
    reading = look(feed.entries[0].inline)
    assert reading.alert is not None
    assert (reading.alert.identifier, reading.state) == ("lu.1", CapState.HELD)


def test_content_elsewhere_is_a_link() -> None:
    feed = read_feed(
        atom('<id>1</id><content type="application/cap+xml" src="https://example.org/1"/>'), limits=Limits()
    )
    assert feed.entries[0].link == "https://example.org/1"


def test_items_of_rss_lead_to_alerts() -> None:
    raw = (
        "<rss version='2.0'><channel><title>Cảnh  báo</title>"
        "<lastBuildDate>Sun, 22 Nov 2026 05:30:00 +0700</lastBuildDate>"
        "<item><guid>g1</guid><title>Lũ</title><link> https://example.org/1.cap </link>"
        "<pubDate>Sun, 22 Nov 2026 05:30:00 +0700</pubDate></item>"
        "<item><enclosure url='https://example.org/2.cap' type='application/cap+xml'/>"
        "<link>https://example.org/2.html</link></item></channel></rss>"
    )
    feed = read_feed(raw.encode(), limits=Limits())
    assert (feed.state, feed.title, feed.updated_us) == (FeedState.ENTRIES, "Cảnh báo", us(AT))
    assert [(one.id, one.link) for one in feed.entries] == [
        ("g1", "https://example.org/1.cap"),
        ("https://example.org/2.cap", "https://example.org/2.cap"),
    ]
    assert feed.entries[0].updated_us == us(AT)


def test_an_envelope_goes_along_with_each_alert_in_it() -> None:
    raw = (
        '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">'
        f"<distributionStatus>Test</distributionStatus><contentObject><xmlContent><embeddedXMLContent>{text()}</embeddedXMLContent></xmlContent></contentObject>"
        "</EDXLDistribution>"
    )
    feed = read_feed(raw.encode(), limits=Limits())
    assert look(feed.entries[0].inline).state is CapState.NOT_ACTUAL


def test_an_address_that_answers_with_an_alert_is_one() -> None:
    feed = read_feed(cap(), limits=Limits())
    assert (feed.state, feed.entries[0].id, feed.entries[0].inline) == (FeedState.ALERT, "lu.1", cap())


@pytest.mark.parametrize(
    ("raw", "status", "state", "code"),
    [
        (b"", 204, FeedState.NOTHING, "feed_http"),
        (b"", 304, FeedState.NOTHING, "feed_http"),
        (atom(), 500, FeedState.FAILED, "feed_http"),
        (b"<html><body>sign in</body></html>", 200, FeedState.FAILED, "file_is_html"),
        (b"", 200, FeedState.FAILED, "file_empty"),
        (b'{"features": []}', 200, FeedState.FAILED, "file_is_json"),
        (b"\x1f\x8b\x08garbage", 200, FeedState.FAILED, "file_not_xml"),
        (b"<books/>", 200, FeedState.FAILED, "root_unknown"),
        (atom("<id>1</id>"), 200, FeedState.ENTRIES, "feed_entry_without_link"),
        (atom(*["<link href='x'/>"] * 501), 200, FeedState.ENTRIES, "feed_too_many_entries"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_answers_have_their_state_and_reason(raw: bytes, status: int, state: FeedState, code: str) -> None:
    feed = read_feed(raw, limits=Limits(), http_status=status)
    assert (feed.state, {one.code for one in feed.reasons}) == (state, {code})


def test_an_empty_feed_is_a_feed() -> None:
    feed = read_feed(atom(), limits=Limits())
    assert (feed.state, feed.entries, feed.reasons) == (FeedState.ENTRIES, (), ())


def test_dates_of_both_kinds_are_read_and_others_are_none() -> None:
    assert moment_us("2026-11-21T22:30:00Z") == moment_us("Sat, 21 Nov 2026 22:30:00 GMT") == us(AT)
    assert [moment_us(one) for one in ("", "yesterday", "2026-11-21T22:30:00", "Sat, 99 Nov 2026")] == [None] * 4


# --- our own ----------------------------------------------------------------------------------------------------------


def ours() -> bytes:
    entries = [
        AtomEntry("urn:uuid:1", "Lũ <lên>", us(AT), "https://example.org/cap/alerts/1.xml", "Tóm tắt", us(AT), cap()),
        AtomEntry("urn:uuid:2", "Báo an\x00", us(AT) + 60_000_000, "https://example.org/cap/alerts/2.xml"),
    ]
    return write_feed(
        feed_id="https://example.org/cap/feed.atom",
        title="Cảnh báo của xã",
        updated_us=us(AT) + 60_000_000,
        self_link="https://example.org/cap/feed.atom",
        author="Đài truyền thanh",
        entries=entries,
    )


def test_our_feed_has_what_rfc_4287_asks_for() -> None:
    root = etree.fromstring(ours())
    names = {"a": ATOM}
    assert root.tag == f"{{{ATOM}}}feed"
    for path in ("a:id", "a:title", "a:updated", "a:author/a:name", "a:link[@rel='self']"):
        assert len(root.findall(path, names)) == 1, path
    for entry in root.findall("a:entry", names):
        for path in ("a:id", "a:title", "a:updated", "a:link[@rel='alternate'][@type='application/cap+xml']"):
            assert len(entry.findall(path, names)) == 1, path
    assert [one.text for one in root.findall("a:entry/a:id", names)] == ["urn:uuid:2", "urn:uuid:1"]
    assert root.findtext("a:updated", namespaces=names) == "2026-11-21T22:31:00Z"


def test_our_feed_is_read_back_with_its_alerts() -> None:
    feed = read_feed(ours(), limits=Limits())
    assert feed.reasons == ()
    newest, older = feed.entries
    assert (newest.link, newest.inline) == ("https://example.org/cap/alerts/2.xml", b"")
    assert (older.title, older.updated_us) == ("Lũ <lên>", us(AT))
    assert codes(look(older.inline)) == set()
