"""The citizen's words for states, events and notices."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.types import HandOverMethod, NoticeChannel, NoticeKind, Timeliness
from services.intake.domain.status import Status

STATUS_WORDS: Mapping[Status, str] = {
    Status.REGISTERED: "Đã nộp, chờ cán bộ tiếp nhận",
    Status.RECEIVED: "Đã tiếp nhận",
    Status.REFUSED: "Không được tiếp nhận",
    Status.IN_PROCESS: "Đang giải quyết",
    Status.SUPPLEMENT: "Chờ ông/bà bổ sung giấy tờ",
    Status.PAYMENT: "Chờ ông/bà thực hiện nghĩa vụ tài chính",
    Status.WITHDRAWN: "Ông/bà đã rút hồ sơ",
    Status.HALTED: "Dừng xử lý",
    Status.RESOLVED: "Đã có kết quả",
    Status.RETURNED: "Đã trả kết quả",
}
ENTRY_WORDS: Mapping[str, str] = {
    "registered": "Hồ sơ đã nộp, chờ Bộ phận Một cửa trả lời",
    "completion-requested": "Bộ phận Một cửa yêu cầu bổ sung giấy tờ trước khi tiếp nhận",
    "resubmitted": "Đã bổ sung, chờ Bộ phận Một cửa trả lời lại",
    "answer-overdue": "Bộ phận Một cửa trả lời chậm so với quy định",
    "refused": "Bộ phận Một cửa từ chối tiếp nhận",
    "submitted": "Bộ phận Một cửa tiếp nhận hồ sơ",
    "transferred": "Chuyển đến cơ quan giải quyết",
    "transfer-accepted": "Cơ quan giải quyết đã nhận hồ sơ",
    "transfer-declined": "Cơ quan trả lại để chuyển đúng nơi giải quyết",
    "supplement-requested": "Yêu cầu bổ sung giấy tờ; thời hạn tạm dừng",
    "supplemented": "Đã bổ sung đủ; thời hạn tính lại từ đầu",
    "payment-requested": "Yêu cầu thực hiện nghĩa vụ tài chính",
    "halted": "Dừng xử lý",
    "due-soon": "Sắp đến hạn trả kết quả",
    "overdue": "Quá hạn trả kết quả",
    "extended": "Xin lỗi và hẹn lại ngày trả kết quả",
    "withdrawn": "Ông/bà rút hồ sơ",
    "resolved": "Đã có kết quả",
    "returned": "Đã trả kết quả",
}
CHANGED = "Hồ sơ có thay đổi"
"""Of an event that has no words yet."""
ON_THE_SPOT = "Bộ phận Một cửa tiếp nhận và giải quyết ngay, không hẹn lại"
NOTICE_WORDS: Mapping[NoticeKind, str] = {
    NoticeKind.FILED: "hồ sơ đã nộp",
    NoticeKind.RECEIVED: "đã tiếp nhận hồ sơ",
    NoticeKind.SUPPLEMENT: "cần bổ sung giấy tờ",
    NoticeKind.REFUSED: "không tiếp nhận hồ sơ",
    NoticeKind.EXTENDED: "xin lỗi và hẹn lại",
    NoticeKind.RESOLVED: "đã có kết quả",
    NoticeKind.RETURNED: "đã trả kết quả",
    NoticeKind.WITHDRAWN: "hồ sơ đã rút",
    NoticeKind.ONE_TIME_CODE: "mã xác nhận một lần",
}
CHANNEL_WORDS = {NoticeChannel.ZALO: "Zalo", NoticeChannel.SMS: "tin nhắn SMS", NoticeChannel.CALL_LIST: "điện thoại"}
TIMELINESS_WORDS = {
    Timeliness.EARLY: "trước hạn",
    Timeliness.ON_TIME: "đúng hạn",
    Timeliness.LATE: "quá hạn",
}
CLOCK_STOPPED: Mapping[Status, str] = {
    Status.SUPPLEMENT: "Thời hạn đang tạm dừng; khi ông/bà bổ sung đủ thì tính lại từ đầu.",
    Status.PAYMENT: "Thời hạn đang tạm dừng cho đến khi ông/bà thực hiện nghĩa vụ tài chính.",
    Status.HALTED: "Thời hạn đang tạm dừng vì hồ sơ dừng xử lý.",
}
"""Why the due date does not come nearer (NĐ 61/2018 Art 19.4)."""
ADVICE: Mapping[Status, str] = {
    Status.REGISTERED: "Bộ phận Một cửa sẽ xem hồ sơ và trả lời ông/bà.",
    Status.RECEIVED: "Ông/bà chưa cần làm gì; khi có việc cần, chúng tôi sẽ báo.",
    Status.REFUSED: "Căn cứ từ chối được nêu ở đây. Ông/bà có thể nộp lại khi đủ điều kiện.",
    Status.IN_PROCESS: "Ông/bà chưa cần làm gì; khi có việc cần, chúng tôi sẽ báo.",
    Status.SUPPLEMENT: "Ông/bà hãy bổ sung các giấy tờ nêu ở đây, tại quầy đã nộp hoặc trực tuyến.",
    Status.PAYMENT: "Ông/bà hãy thực hiện nghĩa vụ tài chính theo thông báo đã nhận.",
    Status.WITHDRAWN: "Hồ sơ đã được rút. Ông/bà có thể nộp lại khi cần.",
    Status.HALTED: "Ông/bà hãy hỏi Bộ phận Một cửa để biết chi tiết.",
    Status.RETURNED: "Cảm ơn ông/bà. Mời đánh giá bằng đường dẫn trong tin nhắn cuối hoặc tại quầy.",
}
"""What the citizen does next; for a result it depends on how it is to be handed over."""
FETCH_RESULT: Mapping[HandOverMethod, str] = {
    HandOverMethod.COUNTER: "Mời ông/bà đến quầy đã nộp để nhận kết quả, mang theo giấy hẹn và giấy tờ tùy thân.",
    HandOverMethod.POST: "Kết quả sẽ được gửi đến ông/bà qua bưu chính.",
    HandOverMethod.ONLINE: "Kết quả được trả cho ông/bà trực tuyến.",
}
SORRY_NEW_DATE = "Cơ quan giải quyết xin lỗi ông/bà vì chưa trả kết quả đúng hẹn, và hẹn lại ngày trả."
SORRY_OVERDUE = "Xin lỗi ông/bà: đã quá ngày hẹn mà chưa có kết quả. Ông/bà có quyền phản ánh việc này."
SORRY_LATE = "Xin lỗi ông/bà vì kết quả có sau ngày hẹn."
SORRY_NO_ANSWER = "Xin lỗi ông/bà: Bộ phận Một cửa trả lời chậm so với quy định."
