"""A rule in plain words, as one sentence in Vietnamese or English: on which days, when, from when until when.

`sentences_facts` finds what is to be said, `sentences_vi` and `sentences_en` say it. Every rule that is
well formed has a sentence, also one that never fires or whose zone nobody knows; it ends with a full stop.
"""

from typing import Literal

from schedules.recurrence import sentences_en, sentences_vi
from schedules.recurrence.rule import Cancelled, Changed, Rule, Series
from schedules.recurrence.sentences_facts import Changes, facts_of

Language = Literal["vi", "en"]


def rule_sentence(rule: Rule, language: Language) -> str:
    """What a rule says, in one sentence."""
    facts = facts_of(rule)
    return sentences_vi.sentence(facts) if language == "vi" else sentences_en.sentence(facts)


def series_sentence(series: Series, language: Language) -> str:
    """What the rule of a series says, and how many of its occurrences were moved, cancelled or given other content."""
    said = rule_sentence(series.rule, language)
    changes = _counted(series)
    changed = sentences_vi.changes(changes) if language == "vi" else sentences_en.changes(changes)
    return f"{said} {changed}" if changed else said


def _counted(series: Series) -> Changes:
    moved = cancelled = replaced = moved_and_replaced = 0
    for change in series.changes:
        match change:
            case Cancelled():
                cancelled += 1
            case Changed(to=to, content_id=content) if to is not None and content is not None:
                moved_and_replaced += 1
            case Changed(to=to) if to is not None:
                moved += 1
            case Changed(content_id=content) if content is not None:
                replaced += 1
    return Changes(moved, cancelled, replaced, moved_and_replaced)
