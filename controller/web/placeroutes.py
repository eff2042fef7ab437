"""What areas become, where speakers stand, and their groups: parts of the table of `controller.web.routes`."""

from typing import Final

from controller.domain.rights import Right
from controller.web import groups, places, subjects, succession
from controller.web.api import groups as api_groups
from controller.web.api import speakers as api_speakers
from controller.web.api import succession as api_succession
from controller.web.api.endpoint import Endpoint, endpoint
from controller.web.asking import Route, Token

_FORM: Final = Token.HANDLER
_AREAS: Final = Right.MANAGE_AREAS
_TEND: Final = Right.TEND

PLACE_PAGES: Final = (
    Route(method="GET", path="/areas/{id}", handler=succession.area, right=_AREAS, over=subjects.area),
    Route(method="GET", path="/groups", handler=groups.groups, right=Right.SEE),
    Route(method="GET", path="/groups/new", handler=groups.new_group, right=_TEND),
    Route(method="GET", path="/groups/{id}", handler=groups.one_group, right=Right.SEE, over=groups.group),
)

PLACE_ACTIONS: Final = (
    Route(method="POST", path="/areas/{id}", handler=succession.change, right=_AREAS, over=subjects.area, token=_FORM),
    Route(
        method="POST", path="/areas/{id}/merge", handler=succession.merge, right=_AREAS, over=subjects.area, token=_FORM
    ),
    Route(
        method="POST", path="/areas/{id}/split", handler=succession.split, right=_AREAS, over=subjects.area, token=_FORM
    ),
    Route(
        method="POST",
        path="/areas/{id}/reopen",
        handler=succession.reopen,
        right=_AREAS,
        over=subjects.area,
        token=_FORM,
    ),
    Route(
        method="POST",
        path="/speakers/{id}/name",
        handler=places.rename_speaker,
        right=_TEND,
        over=subjects.speaker,
        token=_FORM,
    ),
    Route(
        method="POST",
        path="/speakers/{id}/place",
        handler=places.place_speaker,
        right=_TEND,
        over=subjects.speaker,
        token=_FORM,
    ),
    Route(
        method="POST",
        path="/speakers/{id}/delay",
        handler=places.delay_speaker,
        right=_TEND,
        over=subjects.speaker,
        token=_FORM,
    ),
    Route(
        method="POST",
        path="/speakers/{id}/position",
        handler=places.locate_speaker,
        right=_TEND,
        over=subjects.speaker,
        token=_FORM,
    ),
    Route(
        method="POST",
        path="/areas/{id}/languages",
        handler=succession.set_languages,
        right=_AREAS,
        over=subjects.area,
        token=_FORM,
    ),
    Route(method="POST", path="/groups", handler=groups.add_group, right=_TEND, token=_FORM),
    Route(method="POST", path="/groups/{id}", handler=groups.change_group, right=_TEND, over=groups.group, token=_FORM),
    Route(method="POST", path="/groups/{id}/remove", handler=groups.remove_group, right=_TEND, over=groups.group),
)

PLACE_API: Final[tuple[Endpoint, ...]] = (
    endpoint("POST", "/api/v1/areas/merge", api_succession.merge_areas, right=_AREAS),
    endpoint("GET", "/api/v1/unplaced", api_succession.list_unplaced, right=_TEND, or_right=_AREAS),
    endpoint("POST", "/api/v1/areas/{area_id}/split", api_succession.split_area, right=_AREAS, over=subjects.area),
    endpoint("POST", "/api/v1/areas/{area_id}/reopen", api_succession.reopen_area, right=_AREAS, over=subjects.area),
    endpoint(
        "PUT", "/api/v1/speakers/{speaker_id}/area", api_speakers.place_speaker, right=_TEND, over=subjects.speaker
    ),
    endpoint("GET", "/api/v1/groups", api_groups.list_groups, right=Right.SEE),
    endpoint("POST", "/api/v1/groups", api_groups.create_group, right=_TEND),
    endpoint("GET", "/api/v1/groups/{group_id}", api_groups.get_group, right=Right.SEE, over=groups.group),
    endpoint("PUT", "/api/v1/groups/{group_id}", api_groups.replace_group, right=_TEND, over=groups.group),
    endpoint("DELETE", "/api/v1/groups/{group_id}", api_groups.remove_group, right=_TEND, over=groups.group),
)
