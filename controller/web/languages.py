"""The languages that a bulletin can be in, by name. Codes are those of BCP 47.

Besides Vietnamese and English they are those that stations in Vietnam broadcast in most; a bulletin that came with
another code shows that code.
"""

from collections.abc import Mapping
from typing import Final

from controller.web.i18n import N_, Translator

NAMES: Final[Mapping[str, str]] = {
    "vi": N_("Vietnamese"),
    "en": N_("English"),
    "tyz": N_("Tày"),
    "nut": N_("Nùng"),
    "hmn": N_("Hmong"),
    "blt": N_("Thai of Vietnam"),
    "mtq": N_("Mường"),
    "ium": N_("Dao"),
    "km": N_("Khmer"),
    "rad": N_("Ê Đê"),
    "jra": N_("Gia Rai"),
    "bdq": N_("Ba Na"),
    "cjm": N_("Chăm"),
    "sed": N_("Xơ Đăng"),
    "kpm": N_("Cơ Ho"),
    "hre": N_("Hrê"),
    "cmo": N_("Mnông"),
    "sti": N_("Xtiêng"),
    "bru": N_("Bru - Vân Kiều"),
    "ktv": N_("Cơ Tu"),
    "rog": N_("Ra Glai"),
    "hni": N_("Hà Nhì"),
    "lo": N_("Lao"),
    "yue": N_("Hoa"),
    "zh": N_("Mandarin"),
}
"""In the order in which they are offered."""


def language_name(code: str, say: Translator) -> str:
    """What the language is called; the code itself where it is not in the list."""
    known = NAMES.get(code)
    return say.gettext(known) if known else code
