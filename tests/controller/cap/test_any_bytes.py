"""Whatever comes ends in a state with a reason, and never in an exception."""

import ast
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import controller.cap
from controller.cap import (
    CapState,
    GeocodeNames,
    Limits,
    Place,
    PlaceIndex,
    Trust,
    match,
    read_feed,
    read_file,
    sentence,
    spoken,
    state_of,
    write_alert,
)
from controller.cap.check import as_json, as_line, check
from controller.cap.sentences import SENTENCES
from controller.web.cap.sentences import FINDINGS
from tests.controller.cap.alerts import NOW_US, area, cap, info, look, references
from tests.controller.cap.certificates import holder, signed

INDEX = PlaceIndex([Place("a", 10.5, 106.5, ("1",)), Place("b", -10.0, -179.9, ("2",)), Place("c", None, None)])
WHOLE = cap(
    kind="Update",
    more=f"<restriction/><addresses>a</addresses><code>x</code><note>n</note>{references('lu.0')}",
    infos=info(
        resources="<resource><resourceDesc>r</resourceDesc><mimeType>audio/mpeg</mimeType><size>1</size>"
        "<derefUri>AAAA</derefUri></resource>",
        areas=area(
            "<polygon>10,106 10,107 11,107 10,106</polygon><circle>10.5,106.5 3</circle>"
            "<geocode><valueName>n</valueName><value>1</value></geocode><altitude>1</altitude>"
        ),
    )
    * 2,
)
SEEDS = (WHOLE, signed(cap(), holder("Đài")), b"<rss><channel><item>" + cap() + b"</item></channel></rss>")
PIECES = (
    b"<",
    b">",
    b"&",
    b"&#0;",
    b"<!--",
    b"]]>",
    b"\x00",
    b"\xff",
    b",",
    b"-",
    b"1e9",
    b"nan",
    b" ",
    b"9" * 40,
    b"</alert>",
)


def everything(raw: bytes) -> None:
    """All that is done with what comes."""
    limits = Limits()
    file = read_file(raw, limits=limits, trust=Trust(), now_us=NOW_US)
    assert file.readings or file.reasons
    for reading in file.readings:
        assert reading.state in set(CapState)
        if reading.alert is not None:
            found = match(reading.alert, INDEX, GeocodeNames(frozenset({"n"})))
            spoken(reading.alert, found, {}, NOW_US)
            outcome = state_of(reading, now_us=NOW_US, found=found)
            assert outcome.reasons
            if outcome.state is not CapState.REFUSED:
                write_alert(reading.alert)
        assert all(
            one.code in SENTENCES and "?" not in sentence(one).replace("?", "", 0)[:0] for one in reading.reasons
        )
    read_feed(raw, limits=limits)
    (checked,) = check([("x", raw)], limits=limits, trust=Trust(), now_us=NOW_US)
    assert "\n" not in as_line(checked)
    as_json(checked)


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes(raw: bytes) -> None:
    everything(raw)


@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 30), st.sampled_from(PIECES) | st.binary(max_size=6)), max_size=4
    ),
)
@settings(max_examples=250, deadline=None)
def test_alerts_that_were_tampered_with(seed: bytes, changes: list[tuple[float, int, bytes]]) -> None:
    raw = seed
    for at, cut, put in changes:
        place = int(at * len(raw))
        raw = raw[:place] + put + raw[place + cut :]
    everything(raw)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30)


@given(st.sampled_from(re.findall(rb">([^<>]+)<", WHOLE)), TEXTS)
@settings(max_examples=250, deadline=None)
def test_alerts_with_any_text_anywhere(old: bytes, new: str) -> None:
    written = new.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()
    everything(WHOLE.replace(b">" + old + b"<", b">" + written + b"<"))


def test_threads_do_not_disturb_each_other() -> None:
    def found(number: int) -> list[tuple[str, str]]:
        changes = ({}, {"status": "Real"}, {"infos": info(urgency="Soon")})[number % 3]
        return [(one.code, one.where) for one in look(cap(**changes)).reasons]

    expected = [found(number) for number in range(3)] * 100
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(found, range(300))) == expected


def test_every_reason_has_a_sentence_and_every_sentence_a_reason() -> None:
    given_codes: set[str] = set()
    for path in Path(controller.cap.__file__).parent.glob("*.py"):
        if path.name != "sentences.py":
            tree = ast.parse(path.read_text())
            given_codes |= {
                one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)
            }
    assert set(SENTENCES) <= given_codes
    made = {one for one in given_codes if re.fullmatch(r"(signature|schema|polygon|circle|file|xml)_[a-z_]+", one)}
    assert made - set(SENTENCES) <= {"schema_", "signature_methods"}


def test_the_pages_have_a_sentence_for_every_reason() -> None:
    told = {code: re.sub(r"\{(\w+)\}", r"%(\1)s", words) for code, words in SENTENCES.items()}
    assert {code: FINDINGS.get(code) for code in told} == told


def test_a_controller_that_sees_no_alert_does_not_carry_what_reads_them() -> None:
    code = "import controller.cap, sys; print(sorted({m.split('.')[0] for m in sys.modules} & {'lxml', 'signxml'}))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
