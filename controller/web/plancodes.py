"""Error codes of what is planned, in sentences: a part of `controller.web.sentences`."""

from collections.abc import Mapping
from typing import Final

from controller.web.i18n import N_

PLAN_CODES: Final[Mapping[str, str]] = {
    # when and how often
    "wall_time_malformed": N_("This is no date and time. Write it without a zone, such as 2026-03-02T17:00."),
    "day_malformed": N_("This is no day of the years that can be planned. Write it such as 2026-03-02."),
    "rule_malformed": N_("This rule cannot be understood. Choose the days and times anew."),
    "rule_never_fires": N_("By this rule nothing is ever heard. Look at its days, its time and its end."),
    "rule_too_often": N_("By this rule something is heard more than 48 times a day. Choose fewer times."),
    "rule_too_many": N_("That is more than one schedule can hold. Name fewer days and times, or make two schedules."),
    "rule_out_of_years": N_("Only the years 1900 to 2199 can be planned, lunar ones up to 2100. Choose others."),
    "rule_overlaps_itself": N_(
        "One occurrence would begin before the one before it has ended. Choose a shorter slot, or more time between."
    ),
    "frequency_unknown": N_("A rule repeats by days, weeks, months or years. Choose one of these."),
    "zone_unknown": N_("There is no such time zone. Zones are named like Asia/Ho_Chi_Minh."),
    "content_missing": N_("Choose a bulletin or a programme."),
    "start_missing": N_("Choose which day it begins on."),
    "times_missing": N_("Give it a time of day, such as 17:00."),
    "times_differ": N_(
        "The times of one schedule have the same minutes, such as 05:30 and 17:30. Make a second schedule for the "
        "others."
    ),
    "every_malformed": N_("Say every how many of them, from 1 to 999."),
    "weekdays_missing": N_("Choose at least one weekday."),
    "month_days_malformed": N_("Write days of the month from 1 to 31, such as 1, 15."),
    "lunar_days_malformed": N_("Write days of the lunar month from 1 to 30, such as 1, 15."),
    "until_missing": N_("Choose the last day, or no end."),
    "count_malformed": N_("Say how many times, from 1 to 9,999."),
    "exception_unknown": N_("The schedule has no occurrence at this time. Look at it again, then choose another."),
    "occurrence_over": N_("This occurrence is over. Choose one that is still to come."),
    "too_many_changes": N_("Too many single occurrences were changed already. Change the schedule itself."),
    # what and where
    "schedule_unknown": N_("This schedule is not there, or not in your areas."),
    "content_unknown": N_("This bulletin or programme is not there, or not in your areas. Choose another one."),
    "emergency_not_planned": N_("An emergency is not planned: it is sent at once, by its own way."),
    "targets_missing": N_("Choose at least one area, group or speaker."),
    "too_many_targets": N_("That is too many single places. Choose the area around them, or a group."),
    "target_outside_area": N_("Not all of its places lie in the area that it is filed under. Choose a wider area."),
    "area_closed": N_("One of its areas is no more. Choose the area that came after it."),
    "group_unknown": N_("One of the groups is not there any more. Choose again."),
    "rank_out_of_range": N_("The rank is from 0, which goes first, to 9."),
    "slot_out_of_range": N_("A slot is from one minute to twelve hours long."),
    "too_many_schedules": N_("The station has as many schedules as it can hold. Withdraw some that are not needed."),
    "replacement_not_from_above": N_("What came from above can be replaced only by what came from above, too."),
    "classes_differ": N_("Only between two of the same class can be chosen which goes first."),
    "choice_of_itself": N_("These are the same schedule. Choose two."),
    # approval
    "approval_stale": N_("This was changed since you looked at it. Listen to it and look at it again, then decide."),
    "own_approval": N_("This is your own work. Somebody else has to hear and approve it."),
    "approval_not_allowed": N_("You may not approve in all of its areas. Ask an approver who may."),
    "approval_not_needed": N_("This needs no approval: it came from above and was taken."),
    "not_approved": N_("This is not approved, so there is nothing to revoke."),
    "note_missing": N_("Say what is to be changed. Whoever planned it is told."),
    "note_too_long": N_("The word is too long. Use at most 1000 characters."),
    # limits
    "quiet_malformed": N_("Quiet hours are two times of day, such as 21:30 and 05:00. Correct them."),
    "quiet_too_many": N_("That is too many quiet hours for one place. Join some of them."),
    "limit_malformed": N_(
        "One of the limits is out of range: up to 1,000 slots a day, 1 to 1,440 minutes a slot, up to 1,440 minutes a "
        "day, and up to 100 percent of volume."
    ),
    "holiday_name_missing": N_("Say what the day off is called."),
    "too_many_holidays": N_("There are too many days off already. Take some of past years away."),
    # why a content cannot be heard
    "content_expired": N_("It has expired. Choose other content."),
}
