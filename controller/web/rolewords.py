"""Roles, rights and deeds in the words of persons."""

from collections.abc import Mapping

from controller.domain.deeds import DeedKind
from controller.domain.rights import RIGHTS, Right, Role
from controller.web.i18n import N_, Translator

ROLE_NAMES: Mapping[Role, str] = {
    Role.EDITOR: N_("Editor"),
    Role.ANNOUNCER: N_("Announcer"),
    Role.APPROVER: N_("Approver"),
    Role.OFFICER: N_("Officer on duty"),
    Role.TECHNICIAN: N_("Technician"),
    Role.ADMINISTRATOR: N_("Administrator"),
}

ROLE_SAYS: Mapping[Role, str] = {
    Role.EDITOR: N_("Makes bulletins and programmes, sends and plans them, and stops them."),
    Role.ANNOUNCER: N_("Makes bulletins and programmes, which others send, and speaks live."),
    Role.APPROVER: N_(
        "Approves what others planned, decides on what comes from above, sets quiet hours, sends and plans, and reads "
        "who did what."
    ),
    Role.OFFICER: N_(
        "Prepares, confirms and ends emergencies, speaks live, decides on CAP alerts and on what comes from above; "
        "makes, sends and plans bulletins, approves what others planned, and reads who did what."
    ),
    Role.TECHNICIAN: N_("Adopts, names and releases speakers, and sets their volume."),
    Role.ADMINISTRATOR: N_("Everything, and also people, API tokens and areas."),
}

RIGHT_NAMES: Mapping[Right, str] = {
    Right.SEE: N_("see speakers, airings and bulletins"),
    Right.COMPOSE: N_("make bulletins and programmes"),
    Right.BROADCAST: N_("send and plan"),
    Right.DECIDE: N_("decide on what comes from above"),
    Right.APPROVE: N_("approve what others planned"),
    Right.SET_GUARDS: N_("set quiet hours and other guards"),
    Right.STOP: N_("stop airings"),
    Right.TEND: N_("name speakers and set their volume"),
    Right.ADOPT: N_("adopt and release speakers"),
    Right.MANAGE_STATION: N_("change the station's settings"),
    Right.MANAGE_AREAS: N_("add and change areas"),
    Right.MANAGE_PEOPLE: N_("manage people and API tokens"),
    Right.AUDIT: N_("read who did what"),
    Right.HAND_IN: N_("hand in ordinary and priority bulletins"),
    Right.HAND_IN_EMERGENCY: N_("hand in emergencies, which are heard at once"),
    Right.HAND_IN_ALERT: N_("hand in CAP alerts"),
    Right.LIVE: N_("speak live"),
    Right.PREPARE_EMERGENCY: N_("prepare emergencies and drills"),
    Right.CONFIRM_EMERGENCY: N_("confirm, correct and end emergencies"),
    Right.BREAK_GLASS: N_("send an emergency alone"),
    Right.CAP: N_("see CAP alerts and decide on them"),
}

DEED_NAMES: Mapping[DeedKind, str] = {
    DeedKind.SIGN_IN: N_("signed in"),
    DeedKind.SIGN_IN_FAILED: N_("a wrong password was tried"),
    DeedKind.SIGN_OUT: N_("signed out"),
    DeedKind.SET_PASSWORD: N_("set a password"),
    DeedKind.ADOPT: N_("adopted a speaker"),
    DeedKind.ENROL: N_("a speaker was adopted by token"),
    DeedKind.CREATE_TOKEN: N_("made an enrolment token"),
    DeedKind.RENAME: N_("renamed a speaker"),
    DeedKind.SET_VOLUME: N_("set a volume"),
    DeedKind.SET_PROFILE: N_("said how a speaker is connected"),
    DeedKind.SET_DELAY: N_("set by how much a speaker begins later"),
    DeedKind.SEE_FAULT: N_("looks after a fault"),
    DeedKind.REPLACE_BOX: N_("replaced the box of a speaker"),
    DeedKind.RELEASE: N_("released a speaker"),
    DeedKind.ACT: N_("had a speaker do something"),
    DeedKind.COMPOSE: N_("made a bulletin"),
    DeedKind.CHANGE: N_("changed a bulletin"),
    DeedKind.WITHDRAW: N_("withdrew a bulletin"),
    DeedKind.CANCEL: N_("cancelled a preparation"),
    DeedKind.SET_PRONUNCIATION: N_("changed a pronunciation"),
    DeedKind.HAND_IN: N_("handed in a bulletin"),
    DeedKind.TAKE: N_("took what came from above"),
    DeedKind.DECLINE: N_("declined what came from above"),
    DeedKind.ADD_PERSON: N_("added a person"),
    DeedKind.CHANGE_PERSON: N_("changed a person"),
    DeedKind.CREATE_API_TOKEN: N_("made an API token"),
    DeedKind.REVOKE_API_TOKEN: N_("revoked an API token"),
    DeedKind.SEND: N_("sent now"),
    DeedKind.SCHEDULE: N_("planned"),
    DeedKind.STOP: N_("stopped an airing"),
    DeedKind.STOP_ALL: N_("stopped everything"),
    DeedKind.STOP_AREAS: N_("stopped areas"),
    DeedKind.RELEASE_STOP: N_("allowed playing again"),
    DeedKind.PREPARE_EMERGENCY: N_("prepared an emergency"),
    DeedKind.CONFIRM_EMERGENCY: N_("confirmed an emergency"),
    DeedKind.BREAK_GLASS: N_("sent an emergency alone"),
    DeedKind.WITHDRAW_EMERGENCY: N_("withdrew an emergency"),
    DeedKind.CORRECT_EMERGENCY: N_("corrected an emergency"),
    DeedKind.END_EMERGENCY: N_("ended an emergency"),
    DeedKind.SET_EMERGENCY_POLICY: N_("set how emergencies are confirmed"),
    DeedKind.TAKE_ALERT: N_("a CAP alert came in"),
    DeedKind.CONFIRM_ALERT: N_("confirmed a CAP alert"),
    DeedKind.DECLINE_ALERT: N_("declined a CAP alert"),
    DeedKind.SET_ALERTS: N_("changed where CAP alerts come from or what happens to them"),
    DeedKind.PLACE_SPEAKER: N_("said where a speaker stands"),
    DeedKind.LIVE: N_("spoke live"),
    DeedKind.END_LIVE: N_("ended what was spoken live"),
    DeedKind.ADD_AREA: N_("added an area"),
    DeedKind.RENAME_AREA: N_("renamed an area"),
    DeedKind.MOVE_AREA: N_("moved an area"),
    DeedKind.CLOSE_AREA: N_("closed an area"),
    DeedKind.MERGE_AREAS: N_("merged areas"),
    DeedKind.SPLIT_AREA: N_("split an area"),
    DeedKind.REOPEN_AREA: N_("opened an area again"),
    DeedKind.MOVE_SPEAKER: N_("moved a speaker to another area"),
    DeedKind.ADD_GROUP: N_("made a group of speakers"),
    DeedKind.CHANGE_GROUP: N_("changed a group of speakers"),
    DeedKind.REMOVE_GROUP: N_("removed a group of speakers"),
    DeedKind.SET_HOME: N_("set the station's own area"),
    DeedKind.PLAN: N_("planned a schedule"),
    DeedKind.CHANGE_PLAN: N_("changed a schedule"),
    DeedKind.WITHDRAW_PLAN: N_("withdrew a schedule"),
    DeedKind.MOVE_OCCURRENCE: N_("moved one occurrence"),
    DeedKind.CANCEL_OCCURRENCE: N_("cancelled one occurrence"),
    DeedKind.REPLACE_OCCURRENCE: N_("replaced one occurrence"),
    DeedKind.RESTORE_OCCURRENCE: N_("restored one occurrence"),
    DeedKind.SPLIT_PLAN: N_("changed a schedule from one occurrence on"),
    DeedKind.SUCCEED_AREA: N_("gave a schedule the successor of an area"),
    DeedKind.CHOOSE_ORDER: N_("chose which schedule goes first"),
    DeedKind.APPROVE: N_("approved a schedule"),
    DeedKind.APPROVE_OWN: N_("approved a schedule of their own"),
    DeedKind.SEND_BACK: N_("sent a schedule back"),
    DeedKind.REVOKE_APPROVAL: N_("revoked an approval"),
    DeedKind.SET_GUARDS: N_("set guards"),
    DeedKind.SET_SELF_APPROVAL: N_("set who may approve their own"),
    DeedKind.SET_HOLIDAY: N_("changed the station's own holidays"),
}

LACKING = N_(
    "For this you need the right to %(right)s, and you do not have it here. Roles that have it: %(roles)s. "
    "Ask an administrator."
)
LACKING_TOKEN = N_("This needs the right to %(right)s, which can only be given in an API token.")


def lacking_sentence(right: Right, say: Translator) -> str:
    """What is missing, and who has it."""
    roles = [say.gettext(ROLE_NAMES[role]) for role in Role if right in RIGHTS[role]]
    name = say.gettext(RIGHT_NAMES[right])
    return say.gettext(LACKING, right=name, roles=", ".join(roles)) if roles else say.gettext(LACKING_TOKEN, right=name)


def deed_name(what: DeedKind, say: Translator) -> str:
    """A deed that has no name here yet is told by its own word."""
    return say.gettext(DEED_NAMES[what]) if what in DEED_NAMES else what.value
