"""Tables: what is written short and spoken long in Vietnamese public notices. Add a line to teach a word.

Keys are written as in the text. Abbreviations have a table of their own, `abbreviations_vi`.
"""

# Written with a full stop, before a name or a number.
TITLES = {
    "TP": "thành phố",
    "Tp": "thành phố",
    "tp": "thành phố",
    "TX": "thị xã",
    "Tx": "thị xã",
    "TT": "thị trấn",
    "Tt": "thị trấn",
    "Ô": "ông",
    "P": "phường",
    "Q": "quận",
    "H": "huyện",
    "X": "xã",
    "T": "tỉnh",
    "KP": "khu phố",
    "Kp": "khu phố",
    "TDP": "tổ dân phố",
    "ThS": "thạc sĩ",
    "Ths": "thạc sĩ",
    "TS": "tiến sĩ",
    "PGS": "phó giáo sư",
    "GS": "giáo sư",
    "BS": "bác sĩ",
    "Bs": "bác sĩ",
    "BSCKI": "bác sĩ chuyên khoa một",
    "BSCKII": "bác sĩ chuyên khoa hai",
    "CKI": "chuyên khoa một",
    "CKII": "chuyên khoa hai",
    "KS": "kỹ sư",
    "LS": "luật sư",
    "DS": "dược sĩ",
    "ĐD": "điều dưỡng",
    "TM": "thay mặt",
    "KT": "ký thay",
}
# Written with a stroke.
STROKED = {
    "đ/c": "đồng chí",
    "đ/ch": "đồng chí",
    "đ/v": "đối với",
    "t/m": "thay mặt",
    "v/v": "về việc",
    "q/đ": "quyết định",
    "n/v": "nhiệm vụ",
}
# A title that needs no full stop before a name.
BARE_TITLES = ("BS", "ThS", "Ths", "TS", "PGS", "GS", "KS", "LS")

# Kinds of documents, and who signs them: QĐ 135/QĐ-TTg.
DOCUMENTS = {
    "QĐ": "quyết định",
    "NĐ": "nghị định",
    "TT": "thông tư",
    "TTLT": "thông tư liên tịch",
    "NQ": "nghị quyết",
    "NQLT": "nghị quyết liên tịch",
    "CT": "chỉ thị",
    "CTr": "chương trình",
    "CTrHĐ": "chương trình hành động",
    "KH": "kế hoạch",
    "TB": "thông báo",
    "CV": "công văn",
    "HD": "hướng dẫn",
    "BC": "báo cáo",
    "TTr": "tờ trình",
    "CĐ": "công điện",
    "GM": "giấy mời",
    "KL": "kết luận",
    "QC": "quy chế",
    "QyĐ": "quy định",
    "PA": "phương án",
    "L": "luật",
    "PL": "pháp lệnh",
    "TCVN": "tiêu chuẩn Việt Nam",
    "QCVN": "quy chuẩn Việt Nam",
}
ISSUERS = {
    "TTg": "Thủ tướng Chính phủ",
    "CP": "Chính phủ",
    "CTN": "Chủ tịch nước",
    "QH": "Quốc hội",
    "UBTVQH": "Ủy ban Thường vụ Quốc hội",
    "VPCP": "Văn phòng Chính phủ",
    "TW": "Trung ương",
    "TU": "Tỉnh ủy",
    "HU": "Huyện ủy",
    "TgU": "Thành ủy",
    "ĐU": "Đảng ủy",
    "UBND": "Ủy ban nhân dân",
    "UB": "Ủy ban nhân dân",
    "HĐND": "Hội đồng nhân dân",
    "UBBC": "Ủy ban bầu cử",
    "VP": "Văn phòng",
    "BTTTT": "Bộ Thông tin và Truyền thông",
    "BYT": "Bộ Y tế",
    "BTC": "Bộ Tài chính",
    "BNV": "Bộ Nội vụ",
    "BCA": "Bộ Công an",
    "BQP": "Bộ Quốc phòng",
    "BTP": "Bộ Tư pháp",
    "BGDĐT": "Bộ Giáo dục và Đào tạo",
    "BNNPTNT": "Bộ Nông nghiệp và Phát triển nông thôn",
    "BNNMT": "Bộ Nông nghiệp và Môi trường",
    "BTNMT": "Bộ Tài nguyên và Môi trường",
    "BKHCN": "Bộ Khoa học và Công nghệ",
    "BLĐTBXH": "Bộ Lao động, Thương binh và Xã hội",
    "BVHTTDL": "Bộ Văn hóa, Thể thao và Du lịch",
    "BGTVT": "Bộ Giao thông vận tải",
    "BXD": "Bộ Xây dựng",
    "BTGTW": "Ban Tuyên giáo Trung ương",
    "BTCTW": "Ban Tổ chức Trung ương",
    "UBKTTW": "Ủy ban Kiểm tra Trung ương",
    "BCT": "Bộ Công thương",
    "BBT": "Ban Bí thư",
    "TTCS": "thông tin cơ sở",
    "CT": "Chủ tịch",
    "BCĐ": "Ban Chỉ đạo",
    "BCH": "Ban Chỉ huy",
}

# A province's department has the letters of the ministry with another first one.
ISSUERS |= {f"S{each[1:]}": f"Sở {name[3:]}" for each, name in ISSUERS.items() if name.startswith("Bộ ")}

# After a number. What is not unmistakable alone (m, g, l, h) counts only there.
UNITS = {
    "m/s": "mét một giây",
    "m3/s": "mét khối một giây",
    "km/h": "ki lô mét một giờ",
    "km2": "ki lô mét vuông",
    "m2": "mét vuông",
    "cm2": "xăng ti mét vuông",
    "m3": "mét khối",
    "mm2": "mi li mét vuông",
    "Ah": "am pe giờ",
    "mAh": "mi li am pe giờ",
    "cm3": "xăng ti mét khối",
    "km": "ki lô mét",
    "Km": "ki lô mét",
    "KM": "ki lô mét",
    "dm": "đề xi mét",
    "cm": "xăng ti mét",
    "mm": "mi li mét",
    "m": "mét",
    "ha": "héc ta",
    "Ha": "héc ta",
    "kg": "ki lô gam",
    "Kg": "ki lô gam",
    "KG": "ki lô gam",
    "mg": "mi li gam",
    "µg": "mi cờ rô gam",
    "μg": "mi cờ rô gam",
    "mcg": "mi cờ rô gam",
    "g": "gam",
    "gr": "gam",
    "ml": "mi li lít",
    "mL": "mi li lít",
    "cc": "xê xê",
    "l": "lít",
    "kWh": "ki lô oát giờ",
    "kwh": "ki lô oát giờ",
    "kW": "ki lô oát",
    "MW": "mê ga oát",
    "kV": "ki lô vôn",
    "kVA": "ki lô vôn am pe",
    "MHz": "mê ga héc",
    "Mhz": "mê ga héc",
    "kHz": "ki lô héc",
    "GHz": "ghi ga héc",
    "Hz": "héc",
    "dB": "đề xi ben",
    "Mbps": "mê ga bít một giây",
    "GB": "ghi ga bai",
    "MB": "mê ga bai",
    "mmHg": "mi li mét thủy ngân",
    "hPa": "héc tô pát can",
    "HP": "mã lực",
    "°C": "độ xê",
    "º C": "độ xê",
    "° C": "độ xê",
    "ºC": "độ xê",
    "oC": "độ xê",
    "°": "độ",
    "º": "độ",
    "%": "phần trăm",
    "‰": "phần nghìn",
    "tr": "triệu",
    "đ": "đồng",
    "vnđ": "đồng",
    "₫": "đồng",
    "$": "đô la Mỹ",
    "€": "ơ rô",
    "k": "nghìn",
    "ph": "phút",
    "h": "giờ",
    "s": "giây",
}
# Units that mean nothing else where no number stands before them.
BARE_UNITS = ("kg", "km", "km2", "cm", "mm", "ha", "m2", "m3", "kWh", "kW", "ml", "mg", "MHz", "°C")

# What an amount is reckoned by, after a stroke: 2 lần/ngày, 100.000đ/người/tháng.
EACH = (
    *("ngày", "đêm", "tuần", "tháng", "quý", "năm", "giờ", "phút", "giây", "vụ", "đợt", "buổi", "ca", "lần", "lượt"),
    *("người", "đầu người", "hộ", "khẩu", "nhân khẩu", "cháu", "trẻ", "em", "học sinh", "thôn", "xã", "gia đình"),
    *("kg", "tấn", "tạ", "yến", "lít", "ha", "sào", "m2", "m3", "km", "con", "cây", "quả", "gói", "bao"),
    *("chai", "thùng", "liều", "suất", "phòng", "chuyến", "lớp", "trường", "đơn vị", "h", "s", "l", "ml", "kWh"),
    *(
        "công",
        "mẫu",
        "giường",
        "xe",
        "vé",
        "bộ",
        "chiếc",
        "cái",
        "bình",
        "mũi",
        "lượng",
        "chỉ",
        "sản phẩm",
        "hồ sơ",
        "trường hợp",
    ),
)

# A number of three or more digits after one of these is dialled.
DIALLED_AFTER = (
    *("gọi", "gọi số", "gọi ngay", "gọi đến", "gọi điện", "gọi tới", "báo", "báo ngay", "bấm", "bấm số", "nhắn tin"),
    *("điện thoại", "đường dây nóng", "tổng đài", "hotline", "đầu số", "số máy", "số điện thoại", "đến số", "qua số"),
    *("cảnh sát", "cứu hỏa", "cứu hoả", "chữa cháy", "cấp cứu", "liên hệ", "liên hệ số", "SĐT", "ĐT", "đt", "Zalo"),
    *("ĐTDĐ", "Tel", "di động", "số khẩn cấp", "nhắn tin đến", "gửi đến"),
)
# A number after one of these is read digit by digit.
CODE_AFTER = (
    *("CCCD", "số CCCD", "CMND", "số tài khoản", "tài khoản", "STK", "MST", "mã số thuế", "mã số", "mã vạch", "OTP"),
    *("số thẻ", "mã", "căn cước", "số căn cước", "số BHXH", "mã BHXH", "số hiệu", "mã hồ sơ"),
)

# A Roman numeral of any value counts after one of these; elsewhere only what can be nothing else.
ROMAN_AFTER = (
    *("lần thứ", "thứ", "khóa", "khoá", "thế kỷ", "thế kỉ", "kỳ", "quý", "chương", "phần", "mục", "đại hội"),
    *("cấp", "loại", "vùng", "khu vực", "đợt", "trung ương", "hạng", "giai đoạn", "lớp", "bậc", "học kỳ", "tuyến"),
    *("độ", "nhiệm kỳ"),
)

# "2/3 số hộ" is a share and not the second of March; "15/20 hộ" is so many of so many.
SHARE_BEFORE = (
    *("số", "diện tích", "dân số", "tổng", "quân số", "thời gian", "quãng đường", "chặng", "cổ phần", "ngân sách"),
    *("kinh phí", "khối lượng", "công việc", "tổng số", "sản lượng", "thành viên", "giá trị", "mức"),
    *("ha", "héc ta", "lít", "kg", "km", "mét", "giờ", "giá", "số tiền", "chiều dài", "quy mô", "thời hạn"),
)
SHARE_AFTER = (*("hơn", "gần", "khoảng", "chiếm", "quá", "đạt", "ít nhất", "tối thiểu", "giảm", "tăng"),)
COUNTED = (
    *("hộ", "thôn", "xóm", "ấp", "bản", "buôn", "làng", "xã", "phường", "huyện", "tỉnh", "tổ", "tiêu chí", "chỉ tiêu"),
    *("người", "đại biểu", "trường", "trạm", "phiếu", "hồ sơ", "em", "cháu", "khu phố", "đơn vị", "đồng chí"),
    *("chi bộ", "nhà", "cụm", "lớp", "vụ", "trường hợp", "điểm", "tuyến", "công trình", "ý kiến", "cơ sở"),
    *("câu", "học sinh"),
)

# Before a date: no "ngày" is said then.
DATE_AFTER = (
    *("ngày", "mùng", "mồng", "rằm", "sáng", "trưa", "chiều", "tối", "đêm", "khuya", "hôm", "lễ", "dịp", "tết"),
    *("đường", "phố", "kỷ niệm"),
)

# Before a number with a stroke: a house and its lane.
HOUSE_AFTER = ("số nhà", "nhà số", "số", "hẻm", "ngõ", "ngách", "kiệt", "sn", "thửa", "tờ bản đồ", "địa chỉ:", "nhà")
HOUSE_BEFORE = ("đường", "phố", "hẻm", "ngõ", "khu phố")

# "2-1" after one of these is a score.
SCORE_AFTER = ("tỷ số", "tỉ số", "thắng", "thua", "hòa", "hoà", "kết quả")

# Roads: their numbers are names. Three digits are read one by one.
ROADS = {
    "QL": "quốc lộ",
    "TL": "tỉnh lộ",
    "HL": "hương lộ",
    "ĐT": "đường tỉnh",
    "ĐH": "đường huyện",
    "ĐX": "đường xã",
    "CT": "cao tốc",
}

# Whole expressions that no rule covers.
IDIOMS = {
    "v.v": "vân vân",
    "v..v": "vân vân",
    "24/24h": "hai mươi tư trên hai mươi tư giờ",
    "24/24 giờ": "hai mươi tư trên hai mươi tư giờ",
    "24/24": "hai mươi tư trên hai mươi tư giờ",
    "ngày/tháng/năm": "ngày tháng năm",
    "H'Mông": "Hơ Mông",
    "H'mông": "Hơ mông",
    "K'Ho": "Cơ Ho",
    "wi-fi": "oai phai",
    "Wi-Fi": "oai phai",
    "wifi": "oai phai",
    "Wifi": "oai phai",
    "e-mail": "i meo",
    "E-mail": "i meo",
    "Email": "i meo",
    "email": "i meo",
    "Zalo": "Da lô",
    "Facebook": "Phây búc",
    "facebook": "phây búc",
    "Internet": "in tơ nét",
    "internet": "in tơ nét",
    "website": "oép xai",
    "Website": "oép xai",
}

LETTERS = {
    "A": "a",
    "Ă": "á",
    "Â": "ớ",
    "B": "bê",
    "C": "xê",
    "D": "dê",
    "Đ": "đê",
    "E": "e",
    "Ê": "ê",
    "F": "ép",
    "G": "gờ",
    "H": "hát",
    "I": "i",
    "J": "di",
    "K": "ca",
    "L": "lờ",
    "M": "mờ",
    "N": "nờ",
    "O": "o",
    "Ô": "ô",
    "Ơ": "ơ",
    "P": "pê",
    "Q": "quy",
    "R": "rờ",
    "S": "ét",
    "T": "tê",
    "U": "u",
    "Ư": "ư",
    "V": "vê",
    "W": "vê kép",
    "X": "ích",
    "Y": "y",
    "Z": "dét",
}

SYMBOLS = {
    "&": " và ",
    "@": " a còng ",
    "+": " cộng ",
    "=": " bằng ",
    "×": " nhân ",
    "±": " cộng trừ ",
    "≥": " từ ",
    "≤": " không quá ",
    ">": " lớn hơn ",
    "<": " nhỏ hơn ",
    "§": " mục ",
    "№": " số ",
    "%": " phần trăm ",
    "‰": " phần nghìn ",
    "°": " độ ",
    "$": " đô la Mỹ ",
    "€": " ơ rô ",
    "₫": " đồng ",
}
