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
    Status.HALTED: "Tạm dừng xử lý",
    Status.RESOLVED: "Đã có kết quả",
    Status.RETURNED: "Đã trả kết quả",
    Status.TERMINATED: "Đã dừng giải quyết",
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
    "payment-requested": "Yêu cầu thực hiện nghĩa vụ tài chính; thời hạn tạm dừng",
    "paid": "Đã thực hiện nghĩa vụ tài chính",
    "halted": "Tạm dừng xử lý; thời hạn tạm dừng",
    "resumed": "Giải quyết tiếp; thời gian tạm dừng không tính vào thời hạn",
    "due-changed": "Tính lại ngày hẹn trả kết quả",
    "step-completed": "Cơ quan hoàn thành phần việc của mình",
    "sent-back": "Trả lại bước trước để xử lý lại",
    "step-recalled": "Thu hồi một bước không còn cần",
    "due-soon": "Sắp đến hạn trả kết quả",
    "overdue": "Quá hạn trả kết quả",
    "escalated": "Báo cáo cấp trên",
    "apology-prepared": "Đã soạn văn bản xin lỗi và hẹn lại, chờ thủ trưởng cơ quan ký",
    "extended": "Xin lỗi và hẹn lại ngày trả kết quả",
    "withdrawn": "Ông/bà rút hồ sơ",
    "resolved": "Đã có kết quả",
    "terminated": "Cơ quan giải quyết quyết định dừng giải quyết hồ sơ",
    "returned": "Đã trả kết quả",
}
STEP_WORDS: Mapping[str, str] = {
    "due-soon": "Sắp đến hạn của một bước",
    "overdue": "Quá hạn của một bước",
}
"""The same, when they are about one agency's own time."""
CHANGED = "Hồ sơ có thay đổi"
"""Of an event that has no words yet."""
ON_THE_SPOT = "Bộ phận Một cửa tiếp nhận và giải quyết ngay, không hẹn lại"
NOTICE_WORDS: Mapping[NoticeKind, str] = {
    NoticeKind.FILED: "hồ sơ đã nộp",
    NoticeKind.RECEIVED: "đã tiếp nhận hồ sơ",
    NoticeKind.SUPPLEMENT: "cần bổ sung giấy tờ",
    NoticeKind.REFUSED: "không tiếp nhận hồ sơ",
    NoticeKind.PAYMENT: "cần thực hiện nghĩa vụ tài chính",
    NoticeKind.HALTED: "hồ sơ tạm dừng xử lý",
    NoticeKind.DUE_CHANGED: "ngày hẹn trả mới",
    NoticeKind.EXTENDED: "xin lỗi và hẹn lại",
    NoticeKind.RESOLVED: "đã có kết quả",
    NoticeKind.TERMINATED: "hồ sơ dừng giải quyết",
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
    Status.HALTED: "Thời hạn đang tạm dừng vì hồ sơ tạm dừng xử lý.",
}
"""Why the due date does not come nearer (NĐ 61/2018 Art 19.4)."""
NEW_DATE_COMES = "Đã ghi nhận ông/bà thực hiện nghĩa vụ tài chính; ngày hẹn trả mới sẽ được báo."
ADVICE: Mapping[Status, str] = {
    Status.REGISTERED: "Bộ phận Một cửa sẽ xem hồ sơ và trả lời ông/bà.",
    Status.RECEIVED: "Ông/bà chưa cần làm gì; khi có việc cần, chúng tôi sẽ báo.",
    Status.REFUSED: "Căn cứ từ chối được nêu ở đây. Ông/bà có thể nộp lại khi đủ điều kiện.",
    Status.IN_PROCESS: "Ông/bà chưa cần làm gì; khi có việc cần, chúng tôi sẽ báo.",
    Status.SUPPLEMENT: "Ông/bà hãy bổ sung các giấy tờ nêu ở đây, tại quầy đã nộp hoặc trực tuyến.",
    Status.PAYMENT: "Ông/bà hãy thực hiện nghĩa vụ tài chính theo thông báo đã nhận.",
    Status.WITHDRAWN: "Hồ sơ đã được rút. Ông/bà có thể nộp lại khi cần.",
    Status.HALTED: "Ông/bà chưa cần làm gì; khi hồ sơ được giải quyết tiếp, chúng tôi sẽ báo ngày hẹn mới.",
    Status.TERMINATED: "Không có kết quả để nhận. Mời ông/bà nhận Thông báo dừng giải quyết hồ sơ tại quầy đã nộp.",
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
