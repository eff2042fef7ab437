"""What an alert ends in, by what it says, what is known, the rules, and the time."""

from dataclasses import replace

import pytest

from controller.cap import AlertKey, CapState, Category, Known, Match, Rule, Scope, Severity, Urgency
from tests.controller.cap.alerts import NOW_US, SENDER, SENT, cap, codes, ends, info, look, references, us

HOUR_US = 3_600_000_000
STORM = Rule("bão lũ", frozenset({SENDER}), severities=frozenset({Severity.SEVERE, Severity.EXTREME}))
EARLIER = AlertKey(SENDER, "lu.0", us(SENT))
KNOWN = Known(keys=frozenset({EARLIER}))


def test_without_a_rule_an_alert_waits_for_a_person() -> None:
    outcome = ends(cap())
    assert (outcome.state, outcome.rule) == (CapState.HELD, None)
    assert outcome.reasons[-1].code == "held_by_default"


def test_a_rule_lets_an_alert_sound_by_itself() -> None:
    outcome = ends(cap(), rules=(STORM,))
    assert (outcome.state, outcome.rule) == (CapState.AUTOMATIC, "bão lũ")


@pytest.mark.parametrize(
    "rule",
    [
        Rule("x", frozenset()),
        Rule("x", frozenset({"other@example.org"})),
        Rule("x", frozenset({SENDER}), severities=frozenset({Severity.EXTREME})),
        Rule("x", frozenset({SENDER}), urgencies=frozenset({Urgency.FUTURE})),
        Rule("x", frozenset({SENDER}), categories=frozenset({Category.FIRE})),
        Rule("x", frozenset({SENDER}), events=frozenset({"cháy"})),
        Rule("x", frozenset({SENDER}), signed=True),
    ],
    ids=str,
)
def test_a_rule_lets_through_only_what_it_names(rule: Rule) -> None:
    assert ends(cap(), rules=(rule,)).state is CapState.HELD


def test_events_of_a_rule_are_names_or_codes_whatever_their_case() -> None:
    code = "<eventCode><valueName>loai</valueName><value>LU-QUET</value></eventCode>"
    raw = cap(infos=info(times=f"{code}<expires>2026-11-22T11:30:00+07:00</expires>"))
    for event in ("lũ", "lu-quet"):
        assert ends(raw, rules=(Rule("x", frozenset({SENDER}), events=frozenset({event})),)).state is CapState.AUTOMATIC


def test_a_rule_does_not_apply_where_one_of_the_infos_is_less() -> None:
    assert ends(cap(infos=info() + info(severity="Minor")), rules=(STORM,)).state is CapState.HELD


def test_what_is_not_public_sounds_by_itself_only_where_a_rule_names_its_scope() -> None:
    raw = cap(scope="<scope>Restricted</scope><restriction>nội bộ</restriction>")
    assert ends(raw, rules=(STORM,)).state is CapState.HELD
    assert "scope_not_public" in codes(ends(raw))
    assert ends(raw, rules=(replace(STORM, scopes=frozenset({Scope.RESTRICTED})),)).state is CapState.AUTOMATIC


def test_what_is_doubtful_is_never_automatic() -> None:
    outcome = ends(cap(infos=info(areas="")), rules=(STORM,))
    assert (outcome.state, outcome.rule) == (CapState.HELD, None)
    assert "rule_not_used" in codes(outcome)


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft"])
@pytest.mark.parametrize("kind", ["Alert", "Update", "Cancel"])
def test_what_is_not_actual_never_sounds_as_real_nor_stops_anything(status: str, kind: str) -> None:
    more = "" if kind == "Alert" else references("lu.0")
    outcome = ends(cap(status=status, kind=kind, more=more), rules=(STORM,), known=KNOWN)
    assert (outcome.state, outcome.rule) == (CapState.NOT_ACTUAL, None)


def test_the_same_sender_identifier_and_instant_is_a_duplicate() -> None:
    known = Known(keys=frozenset({AlertKey(SENDER, "lu.1", us(SENT))}))
    assert ends(cap(), known=known).state is CapState.DUPLICATE
    assert ends(cap(sent="2026-11-21T22:30:00-00:00"), known=known).state is CapState.DUPLICATE
    assert ends(cap(sent="2026-11-22T05:30:01+07:00"), known=known).state is CapState.HELD
    assert ends(cap(sender="other@example.org"), known=known).state is CapState.HELD


@pytest.mark.parametrize("kind", ["Ack", "Error"])
def test_answers_of_systems_are_ignored(kind: str) -> None:
    assert ends(cap(kind=kind, more=references("lu.0"), infos=""), known=KNOWN).state is CapState.IGNORED


def test_an_alert_is_over_when_its_last_info_has_expired() -> None:
    early = info(times="<expires>2026-11-22T06:00:00+07:00</expires>")
    raw = cap(infos=info() + early)
    assert ends(raw, now_us=us("2026-11-22T11:29:59+07:00")).state is CapState.HELD
    assert "some_infos_expired" in codes(ends(raw, now_us=us("2026-11-22T11:29:59+07:00")))
    assert ends(raw, now_us=us("2026-11-22T11:30:00+07:00")).state is CapState.EXPIRED


def test_an_alert_that_does_not_say_when_it_expires_is_over_after_a_day() -> None:
    raw = cap(infos=info(times=""))
    assert ends(raw, now_us=us(SENT) + 24 * HOUR_US - 1).state is CapState.HELD
    outcome = ends(raw, now_us=us(SENT) + 24 * HOUR_US)
    assert outcome.state is CapState.EXPIRED
    assert "expired_by_age" in codes(outcome)


def test_an_update_takes_the_place_of_what_is_known_and_else_stands_for_itself() -> None:
    raw = cap(kind="Update", more=references("lu.0", "lu.-1"))
    outcome = ends(raw, known=KNOWN, rules=(STORM,))
    assert (outcome.state, outcome.refers_to, outcome.rule) == (CapState.UPDATES, (EARLIER,), "bão lũ")
    outcome = ends(raw)
    assert (outcome.state, outcome.refers_to) == (CapState.HELD, ())
    assert "update_of_unknown" in codes(outcome)


def test_an_update_that_has_expired_still_names_what_it_took_the_place_of() -> None:
    outcome = ends(cap(kind="Update", more=references("lu.0")), known=KNOWN, now_us=NOW_US + 24 * HOUR_US)
    assert (outcome.state, outcome.refers_to) == (CapState.EXPIRED, (EARLIER,))


def test_a_cancellation_needs_no_info_and_never_expires() -> None:
    raw = cap(kind="Cancel", more=references("lu.0"), infos="")
    outcome = ends(raw, known=KNOWN, now_us=NOW_US + 1_000 * HOUR_US, rules=(STORM,))
    assert (outcome.state, outcome.refers_to, outcome.rule) == (CapState.CANCELS, (EARLIER,), "bão lũ")
    outcome = ends(raw)
    assert (outcome.state, outcome.refers_to) == (CapState.CANCELS, ())
    assert "takes_back_unknown" in codes(outcome)


def test_another_sender_takes_nothing_back_by_itself() -> None:
    stranger = Rule("x", frozenset({"other@example.org"}))
    raw = cap(kind="Cancel", sender="other@example.org", more=references("lu.0"), infos="")
    outcome = ends(raw, known=KNOWN, rules=(stranger,))
    assert (outcome.state, outcome.rule) == (CapState.CANCELS, None)


def test_an_alert_that_comes_after_its_own_cancellation_does_not_sound() -> None:
    key = AlertKey(SENDER, "lu.1", us(SENT))
    overtaken = Known(referred={key: AlertKey(SENDER, "lu.2", us(SENT) + 1)})
    assert ends(cap(), known=overtaken, rules=(STORM,)).state is CapState.SUPERSEDED
    by_a_stranger = Known(referred={key: AlertKey("other@example.org", "x", us(SENT) + 1)})
    assert ends(cap(), known=by_a_stranger).state is CapState.HELD


def test_an_alert_for_nobody_here_is_elsewhere_and_one_that_cannot_be_placed_is_held() -> None:
    nobody, unplaced = Match(frozenset(), (frozenset(),)), Match(frozenset(), (frozenset(),), unplaced=("Xã X",))
    assert ends(cap(), reached=0).state is CapState.ELSEWHERE
    assert ends(cap(), found=nobody, rules=(STORM,)).state is CapState.ELSEWHERE
    assert ends(cap(), found=unplaced, rules=(STORM,)).state is CapState.HELD
    # An update that leaves us takes the earlier one with it.
    assert ends(cap(kind="Update", more=references("lu.0")), known=KNOWN, found=nobody).state is CapState.UPDATES


def test_what_was_sent_or_begins_later_is_looked_at() -> None:
    early = ends(cap(), now_us=us(SENT) - HOUR_US, rules=(STORM,))
    assert early.state is CapState.HELD
    assert "sent_in_future" in codes(early)
    later = "<effective>2026-11-22T09:00:00+07:00</effective><expires>2026-11-22T11:30:00+07:00</expires>"
    outcome = ends(cap(infos=info(times=later)), rules=(STORM,))
    assert outcome.state is CapState.AUTOMATIC, "it is heard then"
    assert "not_yet_effective" in codes(outcome)


def test_all_clear_is_told() -> None:
    assert "all_clear" in codes(ends(cap(infos=info(responses="<responseType>AllClear</responseType>"))))


def test_what_was_refused_stays_refused_whatever_is_known() -> None:
    outcome = ends(cap(kind="Update"), known=KNOWN, rules=(STORM,))
    assert outcome.state is CapState.REFUSED
    assert outcome.reasons == look(cap(kind="Update")).reasons
