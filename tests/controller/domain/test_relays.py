"""What may be planned as a relay."""

from dataclasses import asdict, replace

import pytest

from agents.protocol.ids import BulletinId
from controller.domain.errors import Invalid
from controller.domain.programmes import RelayItem, item_from
from controller.domain.relays import CardsMalformed, cards_from, checked

SOURCE = "https://vov.example/live.m3u8"


def relay(name: str = "VOV1", source_url: str = SOURCE, seconds: float = 1_800.0) -> RelayItem:
    return RelayItem(name=name, source_url=source_url, seconds=seconds)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("http://10.0.0.7:8000/live", "http://10.0.0.7:8000/live"),
        ("http://[fe80::1]:8000/", "http://[fe80::1]:8000/"),
        ("https://dai-tinh.example/a%20b?c=d&e=@f", "https://dai-tinh.example/a%20b?c=d&e=@f"),
        ("  HTTP://Vov.example/1#here\n", "http://Vov.example/1"),
        ("http://icecast", "http://icecast"),
    ],
)
def test_an_address_of_a_stream_is_taken(typed: str, kept: str) -> None:
    assert checked(relay(source_url=typed)) == relay(source_url=kept)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"name": ""}, "relay_name_missing"),
        ({"name": "\u200b \n"}, "relay_name_missing"),
        ({"name": "V" * 101}, "relay_name_too_long"),
        ({"name": "V" * 1_000_000}, "relay_name_too_long"),
        ({"seconds": 29.9}, "relay_out_of_range"),
        ({"seconds": 10_800.1}, "relay_out_of_range"),
        ({"seconds": float("nan")}, "relay_out_of_range"),
        ({"seconds": float("inf")}, "relay_out_of_range"),
        ({"source_url": "https://an:mat-khau@vov.example/1"}, "relay_source_has_password"),
        ({"source_url": "https://an@vov.example/1"}, "relay_source_has_password"),
        *(
            ({"source_url": source}, "relay_source_malformed")
            for source in (
                "",
                "vov.example/1",
                "//vov.example/1",
                "https://",
                "https:///1",
                "https://:8000/1",
                "ftp://vov.example/1",
                "file:///etc/passwd",
                "javascript:alert(1)",
                "https://vov.example:0/1",
                "https://vov.example:65536/1",
                "https://vov.example:x/1",
                "https://[::1/1",
                "https://vov example/1",
                "https://vov.example/a b",
                "https://vov.example/\r\nHost: x",
                "https://đài.example/1",
                "https://vov.example\\@khac.example/1",
                "https://vov.example/" + "a" * 1_000,
            )
        ),
    ],
)
def test_anything_else_is_refused_with_what_is_wrong(more: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(relay(**more))  # type: ignore[arg-type]
    assert refused.value.code == code


@pytest.mark.parametrize("source", ["", " https://vov.example/2 ", "card:fm"])
def test_a_second_source_is_an_address_a_sound_card_or_none(source: str) -> None:
    kept = checked(replace(relay(), second_url=source))
    assert kept.second_url == source.strip()
    assert kept.sources == ((SOURCE, source.strip()) if source else (SOURCE,))


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (SOURCE, "relay_second_same"),
        (SOURCE + "#x", "relay_second_same"),
        ("card:", "relay_source_malformed"),
        ("card:Fm", "relay_source_malformed"),
        ("card:../fm", "relay_source_malformed"),
        ("https://an@vov.example/2", "relay_source_has_password"),
    ],
)
def test_a_second_source_is_no_better_than_the_first_one(source: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(replace(relay(), second_url=source))
    assert refused.value.code == code


def test_a_relay_that_was_kept_before_there_were_second_sources_is_read() -> None:
    written = {"kind": "relay", "name": "VOV1", "source_url": SOURCE, "seconds": 1_800.0}
    assert item_from(written) == relay()
    whole = replace(relay(), second_url="card:fm", fallback_bulletin_id=BulletinId("b-1"))
    assert item_from(asdict(whole)) == whole


def test_sound_cards_are_named_in_the_settings() -> None:
    cards = cards_from(["fm=alsa:hw:1,0", " line=pulse:default"])
    assert cards == {"fm": ("alsa", "hw:1,0"), "line": ("pulse", "default")}


@pytest.mark.parametrize("written", ["", "fm", "fm=alsa:", "fm=oss:dsp", "F m=alsa:hw", "fm=alsa:-i", "=alsa:hw"])
def test_a_sound_card_that_is_not_written_so_is_refused(written: str) -> None:
    with pytest.raises(CardsMalformed, match="fm=pulse:default"):
        cards_from([written])
