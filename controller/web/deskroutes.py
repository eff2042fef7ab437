"""What commune staff make and keep: the part of the table of `controller.web.routes` for its pages."""

from typing import Final

from controller.domain.rights import Right
from controller.web import bulletin_pages, clips, composing, listening, programme_pages, subjects, tune_pages
from controller.web.asking import Route, Token
from controller.web.frames import wherever_heard

_FORM: Final = Token.HANDLER
_SEE: Final = Right.SEE
_COMPOSE: Final = Right.COMPOSE

DESK: Final = (
    Route(method="GET", path="/clips/{sha256}", handler=clips.clip, right=_SEE),
    # one bulletin, before it is made
    # A voice reads it while the answer waits.
    Route(method="GET", path="/sentences/audio", handler=listening.sentence_audio, right=_COMPOSE, lasting=True),
    Route(method="GET", path="/parts/variant", handler=composing.variant_part, right=_COMPOSE),
    Route(method="POST", path="/broadcast/variants", handler=composing.change_variants, token=_FORM, right=_COMPOSE),
    Route(method="POST", path="/broadcast/sentences", handler=composing.sentences, token=_FORM, right=_COMPOSE),
    Route(
        method="POST",
        path="/broadcast/pronounce",
        handler=composing.pronounce,
        token=_FORM,
        right=Right.MANAGE_STATION,
        over=wherever_heard,
    ),
    # bulletins
    Route(method="GET", path="/bulletins", handler=bulletin_pages.bulletins, right=_SEE),
    Route(method="GET", path="/bulletins/{id}", handler=bulletin_pages.bulletin, right=_SEE, over=subjects.bulletin),
    Route(
        method="POST",
        path="/bulletins/{id}/withdraw",
        handler=bulletin_pages.withdraw,
        right=_COMPOSE,
        over=subjects.bulletin,
    ),
    Route(
        method="POST",
        path="/bulletins/{id}/restore",
        handler=bulletin_pages.restore,
        token=_FORM,
        right=_COMPOSE,
        over=subjects.bulletin,
    ),
    Route(
        method="POST",
        path="/bulletins/{id}/retry",
        handler=bulletin_pages.retry,
        right=_COMPOSE,
        over=subjects.bulletin,
    ),
    # programmes
    Route(method="GET", path="/programmes", handler=programme_pages.programmes, right=_SEE),
    Route(method="GET", path="/programmes/new", handler=programme_pages.new_programme, right=_COMPOSE),
    Route(
        method="GET", path="/programmes/{id}", handler=programme_pages.programme, right=_SEE, over=subjects.programme
    ),
    Route(method="POST", path="/programmes", handler=programme_pages.save, token=_FORM, right=_COMPOSE),
    Route(method="POST", path="/programmes/draft", handler=programme_pages.edit, token=_FORM, right=_COMPOSE),
    Route(
        method="POST",
        path="/programmes/{id}",
        handler=programme_pages.save,
        token=_FORM,
        right=_COMPOSE,
        over=subjects.programme,
    ),
    Route(
        method="POST",
        path="/programmes/{id}/withdraw",
        handler=programme_pages.withdraw,
        right=_COMPOSE,
        over=subjects.programme,
    ),
    Route(
        method="POST",
        path="/programmes/{id}/send",
        handler=programme_pages.send,
        token=_FORM,
        right=Right.BROADCAST,
        over=subjects.programme_seen,
    ),
    # signature tunes, and how words are read
    Route(method="GET", path="/tunes", handler=tune_pages.tunes, right=_SEE),
    Route(method="GET", path="/parts/tunes", handler=tune_pages.tunes_part, right=_SEE),
    Route(method="POST", path="/tunes", handler=tune_pages.add_tune, token=_FORM, right=_COMPOSE),
    Route(
        method="POST",
        path="/tunes/{id}/rename",
        handler=tune_pages.rename_tune,
        token=_FORM,
        right=_COMPOSE,
        over=subjects.tune,
    ),
    Route(
        method="POST", path="/tunes/{id}/withdraw", handler=tune_pages.withdraw_tune, right=_COMPOSE, over=subjects.tune
    ),
    Route(method="GET", path="/pronunciations", handler=tune_pages.pronunciations, right=_SEE),
    Route(
        method="GET", path="/pronunciations/audio", handler=tune_pages.pronunciation_audio, right=_COMPOSE, lasting=True
    ),
    Route(
        method="POST",
        path="/pronunciations",
        handler=tune_pages.pronounce,
        token=_FORM,
        right=Right.MANAGE_STATION,
        over=wherever_heard,
    ),
    Route(
        method="POST",
        path="/pronunciations/remove",
        handler=tune_pages.forget,
        token=_FORM,
        right=Right.MANAGE_STATION,
        over=wherever_heard,
    ),
)
