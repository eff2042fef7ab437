"""What technicians look at and do: a part of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import box_pages, fault_pages, labelling, replacing, speaker_pages, subjects, watched
from controller.web.asking import Route, Token

_FORM: Final = Token.HANDLER
_SEE: Final = Right.SEE
_TEND: Final = Right.TEND
_ADOPT: Final = Right.ADOPT

TECHNICIAN: Final = (
    # faults
    Route(method="GET", path="/faults", handler=fault_pages.faults, right=_SEE),
    Route(method="GET", path="/faults/history", handler=fault_pages.faults_history, right=_SEE),
    Route(method="GET", path="/parts/faults", handler=fault_pages.faults_part, right=_SEE),
    Route(method="GET", path="/parts/faults-count", handler=fault_pages.faults_count_part),
    Route(
        method="POST",
        path="/faults/{fault_id}/seen",
        handler=fault_pages.note,
        right=_TEND,
        over=watched.fault,
        token=_FORM,
    ),
    # one speaker
    Route(
        method="GET",
        path="/parts/speakers/{id}/faults",
        handler=box_pages.faults_part,
        right=_SEE,
        over=subjects.speaker,
    ),
    Route(
        method="GET", path="/parts/speakers/{id}/past", handler=box_pages.past_part, right=_SEE, over=subjects.speaker
    ),
    Route(
        method="GET",
        path="/parts/speakers/{id}/journal",
        handler=speaker_pages.journal_part,
        right=_SEE,
        over=subjects.speaker_or_none,
    ),
    Route(
        method="GET", path="/parts/speakers/{id}/plots", handler=box_pages.plots_part, right=_SEE, over=subjects.speaker
    ),
    Route(
        method="GET",
        path="/parts/speakers/{id}/actions",
        handler=box_pages.actions_part,
        right=_TEND,
        over=subjects.speaker_or_none,
    ),
    Route(
        method="GET",
        path="/parts/speakers/{id}/hands",
        handler=box_pages.hands_part,
        right=_TEND,
        over=subjects.speaker,
    ),
    Route(
        method="POST",
        path="/speakers/{id}/hands",
        handler=box_pages.act,
        right=_TEND,
        over=subjects.speaker,
        token=_FORM,
    ),
    Route(
        method="POST",
        path="/speakers/{id}/profile",
        handler=box_pages.set_profile,
        right=_TEND,
        over=subjects.speaker,
        token=_FORM,
    ),
    Route(method="GET", path="/speakers/{id}/log/{order}", handler=box_pages.log, right=_TEND, over=subjects.speaker),
    # another box
    Route(
        method="GET",
        path="/speakers/{id}/replace",
        handler=replacing.replace_page,
        right=_ADOPT,
        over=subjects.speaker,
    ),
    Route(
        method="POST",
        path="/speakers/{id}/replace",
        handler=replacing.replace_box,
        right=_ADOPT,
        over=subjects.speaker,
        token=_FORM,
    ),
    Route(method="GET", path="/replace", handler=replacing.choose_speaker, right=_ADOPT),
    # labels
    Route(method="GET", path="/labels", handler=labelling.labels, right=_SEE),
    Route(method="GET", path="/boxes/{device}", handler=labelling.box, right=_SEE),
)
