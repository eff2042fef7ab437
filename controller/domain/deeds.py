"""Who did what at the desk: the audit trail."""

from dataclasses import dataclass
from enum import StrEnum


class DeedKind(StrEnum):
    """What a person did."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    SET_PASSWORD = "set_password"  # noqa: S105 - the name of a deed
    ADOPT = "adopt"
    ENROL = "enrol"
    CREATE_TOKEN = "create_token"  # noqa: S105 - the name of a deed
    RENAME = "rename"
    SET_VOLUME = "set_volume"
    SET_PROFILE = "set_profile"
    SET_DELAY = "set_delay"
    SEE_FAULT = "see_fault"
    REPLACE_BOX = "replace_box"
    RELEASE = "release"
    ACT = "act"
    COMPOSE = "compose"
    CHANGE = "change"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    SET_PRONUNCIATION = "set_pronunciation"
    HAND_IN = "hand_in"
    TAKE = "take"
    DECLINE = "decline"
    ADD_PERSON = "add_person"
    CHANGE_PERSON = "change_person"
    CREATE_API_TOKEN = "create_api_token"  # noqa: S105 - the name of a deed
    REVOKE_API_TOKEN = "revoke_api_token"  # noqa: S105 - the name of a deed
    SEND = "send"
    SCHEDULE = "schedule"
    STOP = "stop"
    STOP_ALL = "stop_all"
    STOP_AREAS = "stop_areas"
    RELEASE_STOP = "release_stop"
    ADD_AREA = "add_area"
    RENAME_AREA = "rename_area"
    MOVE_AREA = "move_area"
    CLOSE_AREA = "close_area"
    MERGE_AREAS = "merge_areas"
    SPLIT_AREA = "split_area"
    REOPEN_AREA = "reopen_area"
    MOVE_SPEAKER = "move_speaker"
    ADD_GROUP = "add_group"
    CHANGE_GROUP = "change_group"
    REMOVE_GROUP = "remove_group"
    SET_HOME = "set_home"
    PLAN = "plan"
    CHANGE_PLAN = "change_plan"
    WITHDRAW_PLAN = "withdraw_plan"
    MOVE_OCCURRENCE = "move_occurrence"
    CANCEL_OCCURRENCE = "cancel_occurrence"
    REPLACE_OCCURRENCE = "replace_occurrence"
    RESTORE_OCCURRENCE = "restore_occurrence"
    SPLIT_PLAN = "split_plan"
    SUCCEED_AREA = "succeed_area"
    CHOOSE_ORDER = "choose_order"
    APPROVE = "approve"
    APPROVE_OWN = "approve_own"
    SEND_BACK = "send_back"
    REVOKE_APPROVAL = "revoke_approval"
    SET_GUARDS = "set_guards"
    SET_SELF_APPROVAL = "set_self_approval"
    SET_HOLIDAY = "set_holiday"
    LIVE = "live"
    END_LIVE = "end_live"
    PREPARE_EMERGENCY = "prepare_emergency"
    CONFIRM_EMERGENCY = "confirm_emergency"
    BREAK_GLASS = "break_glass"
    WITHDRAW_EMERGENCY = "withdraw_emergency"
    CORRECT_EMERGENCY = "correct_emergency"
    END_EMERGENCY = "end_emergency"
    SET_EMERGENCY_POLICY = "set_emergency_policy"
    TAKE_ALERT = "take_alert"
    CONFIRM_ALERT = "confirm_alert"
    DECLINE_ALERT = "decline_alert"
    SET_ALERTS = "set_alerts"
    PLACE_SPEAKER = "place_speaker"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deed:
    """``subject`` is the id of what it was done to; ``detail`` holds figures or an address, never a secret."""

    at_us: int
    by: str
    what: DeedKind
    subject: str = ""
    detail: str = ""
