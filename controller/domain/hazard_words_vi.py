"""What is said in Vietnamese, as a commune would say it. Telephone numbers stand in words: they are read one by one."""

from typing import Final

from controller.domain.hazards import Hazard, Wording

DRILL_WORDS_VI: Final = "Đây là diễn tập. Xin nhắc lại, đây là diễn tập."

_NOT_TRUE: Final = "Bà con không làm theo thông báo đó và chờ thông báo tiếp theo của đài. Đài xin lỗi bà con."
_AS_USUAL: Final = "Bà con trở lại sinh hoạt bình thường và tiếp tục theo dõi thông báo của đài."

WORDS_VI: Final = {
    Hazard.STORM: Wording(
        name="Bão",
        event="Bão",
        opening="Thông báo khẩn về bão. Đề nghị bà con chú ý lắng nghe.",
        middle="Bão {name} sẽ đổ bộ vào {place}, gió mạnh {strength}, bắt đầu từ {time}.",
        instructions="Bà con ở trong nhà kiên cố, chằng chống nhà cửa, tránh xa cửa kính, cây to và cột điện. "
        "Tàu thuyền vào nơi neo đậu ngay, không ai ở lại trên tàu. "
        "Bà con ở nhà tạm và nơi thấp trũng sơ tán theo hướng dẫn của xã. Cần cứu nạn, gọi số một một hai.",
        correction=f"Đính chính. Thông báo khẩn về bão vừa phát là không đúng. {_NOT_TRUE}",
        all_clear=f"Thông báo hết báo động. Bão đã qua. {_AS_USUAL} Đề phòng dây điện đứt, cây gãy đổ.",
    ),
    Hazard.FLOOD: Wording(
        name="Lũ lụt",
        event="Lũ lụt",
        opening="Thông báo khẩn về lũ lụt. Đề nghị bà con chú ý lắng nghe.",
        middle="Nước trên {river} đang lên nhanh, sẽ gây ngập tại {place} từ {time}.",
        instructions="Bà con đưa người già, trẻ em, tài sản và gia súc lên nơi cao ngay. Ngắt cầu dao điện khi nước "
        "vào "
        "nhà. Không lội qua ngầm tràn, không vớt củi, không bắt cá trên sông. Cần cứu nạn, gọi số một một hai.",
        correction=f"Đính chính. Thông báo khẩn về lũ lụt vừa phát là không đúng. {_NOT_TRUE}",
        all_clear=f"Thông báo hết báo động. Nước lũ đã rút, không còn nguy hiểm. {_AS_USUAL} "
        "Bà con kiểm tra điện trước khi dùng và đun sôi nước uống.",
    ),
    Hazard.FLASH_FLOOD: Wording(
        name="Lũ quét, sạt lở đất",
        event="Lũ quét, sạt lở đất",
        opening="Báo động khẩn về lũ quét và sạt lở đất. Bà con rời khỏi nơi nguy hiểm ngay.",
        middle="Lũ quét, sạt lở đất có thể xảy ra tại {place} trong {time}. Nơi sơ tán là {shelter}.",
        instructions="Bà con ở ven suối, chân núi, sườn dốc rời nhà ngay, không quay lại lấy đồ. Dìu người già, bế "
        "trẻ em, "
        "báo cho hàng xóm. Không đi qua suối, qua đường đang sạt lở. Cần cứu nạn, gọi số một một hai.",
        correction=f"Đính chính. Báo động về lũ quét, sạt lở đất vừa phát là không đúng. {_NOT_TRUE}",
        all_clear=f"Thông báo hết báo động. Nguy cơ lũ quét, sạt lở đất đã qua. {_AS_USUAL} "
        "Thấy đất nứt, nước suối đục bất thường thì báo ngay cho xã.",
    ),
    Hazard.DAM_RELEASE: Wording(
        name="Xả lũ hồ chứa",
        event="Xả lũ hồ chứa",
        opening="Thông báo khẩn về xả lũ. Đề nghị bà con ven sông chú ý lắng nghe.",
        middle="Hồ {dam} xả lũ lúc {time}. Nước sẽ dâng cao tại {place}.",
        instructions="Bà con rời khỏi lòng sông, bãi sông và bến đò ngay. Đưa thuyền bè, lồng cá, máy bơm, trâu bò "
        "lên nơi "
        "an toàn. Không tắm, không vớt củi, không bắt cá trên sông. Cần cứu nạn, gọi số một một hai.",
        correction=f"Đính chính. Thông báo khẩn về xả lũ vừa phát là không đúng. {_NOT_TRUE}",
        all_clear=f"Thông báo hết báo động. Hồ chứa đã ngừng xả lũ, mực nước sông đã ổn định. {_AS_USUAL}",
    ),
    Hazard.FIRE: Wording(
        name="Cháy",
        event="Cháy",
        opening="Thông báo khẩn về cháy. Đề nghị bà con chú ý lắng nghe.",
        middle="Đang có cháy tại {place}. Bà con ở {nearby} rời khỏi nhà và đến {shelter}.",
        instructions="Bà con bình tĩnh, cúi thấp người, che mũi miệng bằng khăn ướt, không dùng thang máy. Nhường "
        "đường cho "
        "xe chữa cháy. Người không có nhiệm vụ không đến gần. Báo cháy, gọi số một một bốn.",
        correction=f"Đính chính. Thông báo khẩn về cháy vừa phát là không đúng. {_NOT_TRUE}",
        all_clear=f"Thông báo hết báo động. Đám cháy đã được dập tắt. {_AS_USUAL}",
    ),
    Hazard.EPIDEMIC: Wording(
        name="Dịch bệnh",
        event="Dịch bệnh",
        opening="Thông báo khẩn về dịch bệnh. Đề nghị bà con chú ý lắng nghe.",
        middle="Tại {place} đã có ca bệnh {disease}. Từ {time}, bà con ở {place} làm theo hướng dẫn sau.",
        instructions="Bà con hạn chế ra ngoài, đeo khẩu trang, rửa tay bằng xà phòng. Ai bị sốt, ho, tiêu chảy hoặc "
        "có dấu "
        "hiệu lạ thì báo ngay cho trạm y tế, không tự đi nơi khác. Không nghe theo tin đồn.",
        correction=f"Đính chính. Thông báo khẩn về dịch bệnh vừa phát là không đúng. {_NOT_TRUE}",
        all_clear=f"Thông báo hết báo động. Dịch bệnh đã được khống chế. {_AS_USUAL}",
    ),
    Hazard.MISSING_PERSON: Wording(
        name="Tìm người mất tích",
        event="Tìm người mất tích",
        opening="Thông báo tìm người. Đề nghị bà con chú ý lắng nghe và giúp đỡ.",
        middle="{name}, {description}, mất liên lạc từ {time}, lần cuối được thấy tại {place}. "
        "Ai biết tin xin báo số {phone}.",
        instructions="Bà con kiểm tra quanh nhà, vườn, ao, giếng và nhà bỏ trống. Ai thấy người như trên thì giữ lại, "
        "trấn an "
        "và báo ngay cho công an xã. Xin cảm ơn bà con.",
        correction=f"Đính chính. Thông báo tìm người vừa phát là không đúng. {_NOT_TRUE}",
        all_clear="Thông báo. Người mất tích đã được tìm thấy. Đài xin cảm ơn bà con đã giúp đỡ.",
    ),
    Hazard.OTHER: Wording(
        name="Tình huống khẩn cấp khác",
        event="Tình huống khẩn cấp",
        opening="Thông báo khẩn. Đề nghị bà con chú ý lắng nghe.",
        middle="{message}",
        instructions="Bà con bình tĩnh, làm theo hướng dẫn của chính quyền, giúp đỡ người già, trẻ em và người khuyết "
        "tật.",
        correction=f"Đính chính. Thông báo khẩn vừa phát là không đúng. {_NOT_TRUE}",
        all_clear=f"Thông báo hết báo động. Tình huống khẩn cấp đã qua. {_AS_USUAL}",
    ),
    Hazard.ALL_CLEAR: Wording(
        name="Báo an",
        event="Hết báo động",
        opening="Thông báo hết báo động.",
        middle="{danger} tại {place} đã qua.",
        instructions=f"{_AS_USUAL} Xin cảm ơn bà con đã phối hợp.",
        correction="Đính chính. Thông báo hết báo động vừa phát là không đúng. Nguy hiểm vẫn còn. "
        "Bà con tiếp tục làm theo hướng dẫn và chờ thông báo của đài.",
    ),
    Hazard.DRILL: Wording(
        name="Diễn tập",
        event="Diễn tập",
        opening="Đài tổ chức diễn tập ứng phó tình huống khẩn cấp.",
        middle="Tình huống giả định là {situation} tại {place}.",
        instructions="Bà con được mời tham gia diễn tập thì làm theo hướng dẫn của tổ trưởng. Bà con khác sinh hoạt "
        "bình "
        "thường, không cần lo lắng.",
        correction="Buổi diễn tập dừng lại tại đây. Bà con sinh hoạt bình thường.",
        all_clear="Buổi diễn tập đã kết thúc. Đài xin cảm ơn bà con đã tham gia.",
    ),
}
