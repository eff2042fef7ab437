"""The worlds of emergencies, drills, live broadcasts, alerts and stops: readable, and never taken for each other."""

import re
from itertools import combinations

import pytest

from controller.web.templating import STATIC_FOLDER, TEMPLATES_FOLDER
from tests.controller.web.test_look import contrast, tokens

WORLDS = ("real", "drill", "live", "cap", "stop")


def world(name: str) -> dict[str, str]:
    """All colours of one, those that it does not set anew as by day."""
    css = (STATIC_FOLDER / "alarm.css").read_text("utf-8")
    found = re.search(rf"^\.alarm-{name}\{{(.*?)^\}}", css, flags=re.DOTALL | re.MULTILINE)
    assert found is not None
    return tokens(dark=False) | dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})\b", found[1]))


@pytest.mark.parametrize("name", WORLDS)
def test_words_stand_out_from_their_ground_in_every_world(name: str) -> None:
    colour = world(name)
    pairs = [(ink, ground) for ink in ("ink", "ink-soft", "accent") for ground in ("paper", "card", "sunk")]
    pairs += [(tone, f"{tone}-soft") for tone in ("ok", "info", "warn", "bad")]
    pairs += [(tone, "card") for tone in ("bad", "warn", "ok")]
    pairs += [("accent-ink", "accent"), ("accent-ink", "accent-lift"), ("stop-ink", "stop"), ("stop-ink", "stop-lift")]
    pairs += [("bar-ink", "bar"), ("bar-soft", "bar"), ("bar-ink", "bar-lift")]
    for ink, ground in pairs:
        assert contrast(colour[ink], colour[ground]) >= 4.5, (name, ink, ground)
    for edge, ground in [("line-strong", "card"), ("focus", "card"), ("focus", "paper"), ("signal", "bar")]:
        assert contrast(colour[edge], colour[ground]) >= 3, (name, edge, ground)


def test_no_world_has_the_ground_of_another_or_of_the_desk() -> None:
    grounds = {name: (world(name)["paper"], world(name)["bar"]) for name in WORLDS}
    desk = [(tokens(dark)["paper"], tokens(dark)["bar"]) for dark in (False, True)]
    for one, other in combinations([*grounds.values(), *desk], 2):
        assert one[0] != other[0]
        assert one[1] != other[1]


def test_the_real_thing_is_dark_and_a_drill_is_light() -> None:
    assert contrast(world("real")["paper"], "#ffffff") > 15
    assert contrast(world("drill")["paper"], "#000000") > 15


def test_the_two_consoles_share_no_sentence_that_tells_what_to_do() -> None:
    said = {}
    for name in ("emergency", "drill"):
        html = (TEMPLATES_FOLDER / f"{name}.html").read_text("utf-8")
        said[name] = set(re.findall(r'_\("([^"]+)"\)', html))
    assert len(said["emergency"]) > 8
    assert said["emergency"].isdisjoint(said["drill"])
