"""When something is due: rules in wall time, their occurrences as instants, and what was changed of single ones.

`rule` holds the values, `form` says what goes together, `parse` reads and writes RRULE texts, `days` finds the days,
`zones` makes wall times instants, `expand` gives the occurrences of a window, `series` puts exceptions over them,
`lunar` and `holidays` know the Vietnamese calendar, `sentences` says a rule in plain words, `ical` writes it for
other calendars.
"""
