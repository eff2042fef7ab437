"""The page of feeds that are asked for alerts, and of the rules by which alerts are heard without a person."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from agents.protocol.ids import AreaId
from controller.domain import cap_rules
from controller.domain.cap_feeds import CapFeed, CapFeedId, FeedHealth
from controller.domain.cap_rules import Rule
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.rights import EVERYWHERE, Right
from controller.web.asking import Ask
from controller.web.cap import words as capwords
from controller.web.cap.present import word_of
from controller.web.cap.reasons import reason_of
from controller.web.cap.views import FeedShown, RuleShown, SettingsShown
from controller.web.emergency import alarms
from controller.web.emergency.policy_pages import area_choices
from controller.web.errors import problem_of
from controller.web.forms import Form, reading
from controller.web.frames import full_frame
from controller.web.i18n import N_
from controller.web.moments import maybe_moment
from controller.web.pages import page

PATH: Final = "/cap/settings"
_USUAL_EVERY_S: Final = 60
RULE: Final = N_("%(severity)s or worse, %(urgency)s or sooner, %(certainty)s or surer")

PLAIN_HTTP: Final = N_(
    "This address is not protected (http://): whoever stands on the way can put in alerts of their own, for which this"
    " station then vouches. Use https://, or do not vouch for it."
)


async def settings(ask: Ask) -> web.StreamResponse:
    """GET /cap/settings"""
    return await _page(ask)


async def put_rule(ask: Ask) -> web.StreamResponse:
    """POST /cap/settings/rules"""
    async with reading(ask) as form:
        try:
            rule = _rule(form)
            await ask.parts.cap_settings.put_rule(rule, ask.known_actor)
        except (Invalid, Refused, NotFound) as error:
            told = problem_of(error, ask.say)
            return await _page(ask, typed=dict(form.fields), problem=told.sentence, status=told.status)
    return _to()


async def remove_rule(ask: Ask) -> web.StreamResponse:
    """POST /cap/settings/rules/{id}/remove"""
    rule_id = ask.request.match_info["id"]
    rule = next((one for one in await ask.parts.cap_settings.rules() if one.rule_id == rule_id), None)
    if rule is not None:
        await ask.parts.cap_settings.remove_rule(rule_id, ask.known_actor)
    return _to()


async def put_feed(ask: Ask) -> web.StreamResponse:
    """POST /cap/settings/feeds"""
    async with reading(ask) as form:
        try:
            await ask.parts.cap_settings.put_feed(_feed(form), ask.known_actor)
        except (Invalid, Refused, NotFound) as error:
            told = problem_of(error, ask.say)
            return await _page(ask, typed=dict(form.fields), feed_problem=told.sentence, status=told.status)
    return _to()


async def remove_feed(ask: Ask) -> web.StreamResponse:
    """POST /cap/settings/feeds/{id}/remove"""
    await ask.parts.cap_settings.remove_feed(CapFeedId(ask.request.match_info["id"]), ask.known_actor)
    return _to()


async def ask_feed(ask: Ask) -> web.StreamResponse:
    """POST /cap/settings/feeds/{id}/ask: now."""
    await ask.parts.cap_settings.ask(CapFeedId(ask.request.match_info["id"]), ask.known_actor)
    return _to()


def _to() -> web.Response:
    return web.Response(status=303, headers={"Location": PATH})


def _rule(form: Form) -> Rule:
    return Rule(
        rule_id="",
        area_id=AreaId(form.text("area_id")),
        sender=form.text("sender").strip(),
        severity=form.text("severity"),
        urgency=form.text("urgency"),
        certainty=form.text("certainty"),
        events=tuple(one.strip() for one in form.text("events").splitlines() if one.strip()),
        source_id=form.text("source_id"),
        signed=bool(form.text("signed")),
    )


def _feed(form: Form) -> CapFeed:
    area_id = form.text("area_id")
    return CapFeed(
        feed_id=CapFeedId(""),
        name=form.text("name").strip(),
        url=form.text("url").strip(),
        every_s=form.number("every_s", "cap_feed_every") if form.text("every_s") else _USUAL_EVERY_S,
        area_id=AreaId(area_id) if area_id else None,
        trusted=bool(form.text("trusted")),
        inside=bool(form.text("inside")),
        header=form.text("header").strip(),
        secret=form.text("secret").strip(),
    )


async def _page(
    ask: Ask,
    *,
    typed: dict[str, str] | None = None,
    problem: str = "",
    feed_problem: str = "",
    status: int = 200,
) -> web.Response:
    there = await ask.parts.cap_settings.feeds()
    feeds = [one for one in there if ask.touches(Right.MANAGE_AREAS, one[0].area_id or EVERYWHERE)]
    names = {feed.feed_id: feed.name for feed, _ in feeds}
    rules = [one for one in await ask.parts.cap_settings.rules() if ask.touches(Right.MANAGE_AREAS, one.area_id)]

    def words(scale: Mapping[str, str], order: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(one, word_of(scale, one, ask.say)) for one in reversed(order)]

    shown = SettingsShown(
        feeds=[_feed_shown(ask, feed, health) for feed, health in feeds],
        rules=[_rule_shown(ask, one, names) for one in rules],
        areas=await area_choices(ask, Right.MANAGE_AREAS),
        severities=words(capwords.SEVERITIES, cap_rules.SEVERITIES),
        urgencies=words(capwords.URGENCIES, cap_rules.URGENCIES),
        certainties=words(capwords.CERTAINTIES, cap_rules.CERTAINTIES),
        typed=typed or {},
        problem=problem,
        feed_problem=feed_problem,
    )
    frame = await full_frame(ask, path=PATH)
    return page(ask, "cap_settings.html", status=status, frame=frame, settings=shown)


def _feed_shown(ask: Ask, feed: CapFeed, health: FeedHealth) -> FeedShown:
    tone, word = capwords.FEEDS[health.state]
    return FeedShown(
        id=feed.feed_id,
        name=feed.name,
        url=feed.url,
        every_s=feed.every_s,
        state_word=ask.say.gettext(word),
        tone=tone,
        sentence=reason_of(health.code, health.values, ask.say) if health.code else "",
        asked_at=maybe_moment(health.asked_at_us),
        well_at=maybe_moment(health.well_at_us),
        entries=health.entries,
        trusted=feed.trusted,
        inside=feed.inside,
        area_name=alarms.area_names(ask, [feed.area_id])[0] if feed.area_id else "",
        enabled=feed.enabled,
        warning_sentence=ask.say.gettext(PLAIN_HTTP) if feed.trusted and not feed.secure else "",
        may_change=ask.may(Right.MANAGE_AREAS, feed.area_id or EVERYWHERE),
        may_ask=ask.may(Right.MANAGE_AREAS, EVERYWHERE if feed.inside or not feed.area_id else feed.area_id),
    )


def _rule_shown(ask: Ask, one: Rule, names: dict[CapFeedId, str]) -> RuleShown:
    say = ask.say
    said = say.gettext(
        RULE,
        severity=word_of(capwords.SEVERITIES, one.severity, say),
        urgency=word_of(capwords.URGENCIES, one.urgency, say),
        certainty=word_of(capwords.CERTAINTIES, one.certainty, say),
    )
    return RuleShown(
        id=one.rule_id,
        area_name=alarms.area_names(ask, [one.area_id])[0],
        sender=one.sender,
        sentence=f"{said}: {', '.join(one.events)}" if one.events else said,
        source_name=names.get(CapFeedId(one.source_id), one.source_id),
        signed=one.signed,
        enabled=one.enabled,
        by=one.made_by,
    )
