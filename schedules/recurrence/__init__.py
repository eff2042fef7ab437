"""When something is due: rules in wall time, their occurrences as instants, and what was changed of single ones.

`rule` holds the values, `parse` reads and writes RRULE texts, `expand` finds the days, `series` puts exceptions over
them, `lunar` and `holidays` know the Vietnamese calendar, `sentences` says a rule in plain words, `ical` writes it for
other calendars.
"""
