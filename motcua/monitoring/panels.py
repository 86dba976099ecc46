"""Which metric stands where on the dashboard, and what a person reads above it. Every metric has its place."""

from __future__ import annotations

from collections.abc import Mapping

ROWS: Mapping[str, Mapping[str, str]] = {
    "Sức khỏe": {
        "not_ready": "Chưa sẵn sàng, theo nguyên nhân",
        "lease_held": "Tiến trình dẫn dắt",
        "loop_failures_total": "Vòng chạy nền thất bại",
        "sessions_ended_total": "Tiến trình chết, giao dịch được gỡ",
        "consumer_paused": "Bộ đọc bị tạm dừng",
    },
    "Kafka: đọc": {
        "consumer_lag": "Bản ghi chưa áp dụng",
        "consumer_idle_seconds": "Đứng yên dù còn bản ghi",
        "consumer_partitions": "Phân vùng mỗi worker đọc",
        "records_consumed_total": "Bản ghi đã áp dụng",
        "records_repeated_total": "Bản ghi lặp, đã bỏ qua",
        "batch_seconds": "Thời gian một lô",
        "batch_records": "Bản ghi một lô",
        "rebalances_total": "Chia lại phân vùng",
        "offset_commit_failures_total": "Kafka không ghi nhận vị trí",
    },
    "Kafka: gửi": {
        "outbox_pending": "Lô sự kiện chờ gửi",
        "outbox_oldest_seconds": "Sự kiện chờ lâu nhất",
        "outbox_sent_total": "Sự kiện đã gửi",
        "relay_failures_total": "Gửi thất bại",
    },
    "Giữ lại và thư chết": {
        "parked_keys": "Hồ sơ bị giữ lại",
        "records_parked_total": "Bản ghi bị giữ lại",
        "dead_letters_open": "Thư chết chờ xử lý",
        "records_dead_lettered_total": "Thư chết mới",
        "stuck_cases": "Hồ sơ và tin đang kẹt",
    },
    "HTTP và MongoDB": {
        "http_requests_total": "Yêu cầu",
        "http_seconds": "Thời gian trả lời",
        "limited_total": "Bị từ chối vì hạn mức",
        "transaction_retries_total": "Giao dịch làm lại",
        "commit_decisions": "Quyết định chung một giao dịch",
    },
    "Thông báo": {
        "notices_waiting": "Chờ giao cho cổng",
        "notices_attempted_total": "Lần gọi cổng",
        "notices_ended_total": "Đã kết thúc",
        "receipts_total": "Biên nhận của cổng",
        "gateway_seconds": "Thời gian gọi cổng",
        "provider_points": "Phần tin của mỗi cổng SMS",
        "provider_shifts_total": "Chuyển tin giữa các cổng SMS",
        "spending_caps_reached_total": "Chạm trần chi",
        "contacts_wiped_total": "Liên hệ đã xóa khi hết hạn giữ",
    },
    "Hồ sơ và cơ quan": {
        "answers_overdue_total": "Hồ sơ trực tuyến quá hạn trả lời",
        "timer_failures_total": "Hẹn giờ thất bại",
        "webhook_attempts_total": "Gọi hệ thống của cơ quan",
        "webhook_dead_letters_total": "Tin webhook bỏ cuộc",
        "webhook_subscriptions": "Đăng ký webhook",
        "webhook_subscriptions_stopped_total": "Đăng ký webhook tự dừng",
        "webhook_dossiers_waiting": "Hồ sơ còn tin webhook phải gửi",
    },
}
