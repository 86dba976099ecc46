"""When somebody must be called: alerts over the metrics of the catalogue, each with what to do and its runbook.

`python -m motcua.monitoring` makes Prometheus rules of them. `service` and `role` are labels that the scrape
configuration gives (deploy/monitoring/prometheus.yml).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning"]
"""critical: somebody is woken. warning: on the next working morning."""


@dataclass(frozen=True)
class Alert:
    """One rule."""

    name: str
    expr: str
    for_: str
    """How long it must hold, in Prometheus' way of writing."""
    severity: Severity
    summary: str
    """For whoever is called; may name labels as `{{ $labels.service }}`."""
    what_to_do: str
    runbook: str
    """Its file in docs/runbooks."""


_SERVICE = "{{ $labels.service }}"
ALERTS: tuple[Alert, ...] = (
    Alert(
        "MotcuaProcessDown", 'up{job="motcua"} == 0', "2m", "critical",
        f"Tiến trình {_SERVICE} ({{{{ $labels.role }}}}) không trả lời.",
        "Xem tiến trình có đang chạy không và dòng nhật ký cuối; mã thoát 70 có nêu lý do trong process.fail_stop.",
        "process-down.md",
    ),
    Alert(
        "MotcuaNobodyLeads", 'sum by (service) (motcua_lease_held{lease="worker"}) == 0', "30s", "critical",
        f"Không tiến trình worker nào của {_SERVICE} dẫn dắt: sự kiện không được gửi đi.",
        "Khởi động lại worker của dịch vụ đó; không sửa bộ sưu tập leases bằng tay.",
        "relay-not-leading.md",
    ),
    Alert(
        "MotcuaMongoDBAway", 'max by (service) (motcua_not_ready{check="mongodb"}) == 1', "1m", "critical",
        f"{_SERVICE} không kết nối được MongoDB: quầy không tiếp nhận được.",
        "Đưa MongoDB trở lại; các tiến trình tự chờ, không cần khởi động lại.",
        "mongodb-away.md",
    ),
    Alert(
        "MotcuaTransactionsFail",
        'max by (service, role) (motcua_not_ready{check="transactions"}) == 1', "1m", "critical",
        f"Mọi giao dịch MongoDB của {_SERVICE} đều thất bại.",
        "Xem MongoDB: đĩa đầy, mất đa số thành viên, hoặc một tài liệu bị ghi dồn dập.",
        "mongodb-away.md",
    ),
    Alert(
        "MotcuaKafkaAway", 'max by (service) (motcua_not_ready{check="kafka"}) == 1', "2m", "critical",
        f"Worker của {_SERVICE} không kết nối được Kafka; sự kiện chờ trong MongoDB, không mất.",
        "Đưa Kafka trở lại cùng dữ liệu của nó; không khởi động lại worker, không đổi KAFKA_EPOCH.",
        "kafka-away.md",
    ),
    Alert(
        "MotcuaKafkaLostItsLog", 'max by (service) (motcua_not_ready{check="log"}) == 1', "0m", "critical",
        f"Nhật ký Kafka không còn là nhật ký mà {_SERVICE} đã đọc: các phân vùng đó đứng yên, không bản ghi nào bị bỏ.",
        "Xem /readyz để biết phân vùng nào; làm theo sổ tay: dừng worker, KAFKA_EPOCH mới, gửi lại. Không sửa fences.",
        "kafka-lost-its-log.md",
    ),
    Alert(
        "MotcuaOutboxOld", "max by (service) (motcua_outbox_oldest_seconds) > 60", "1m", "critical",
        f"Sự kiện của {_SERVICE} chờ gửi lên Kafka đã {{{{ $value | humanizeDuration }}}}.",
        "Chạy motcua outbox; xem Kafka có trả lời không và có worker nào dẫn dắt không.",
        "kafka-away.md",
    ),
    Alert(
        "MotcuaConsumerStuck", "max by (service) (motcua_consumer_idle_seconds) > 60", "1m", "critical",
        f"Bộ đọc {_SERVICE} đứng yên dù còn bản ghi chưa áp dụng.",
        "Chạy motcua lag, rồi xem nhật ký kafka.batch_failed của worker đó.",
        "consumer-stuck.md",
    ),
    Alert(
        "MotcuaLagLarge", "sum by (service, topic) (motcua_consumer_lag) > 5000", "15m", "warning",
        f"Bộ đọc {_SERVICE} chậm hơn {{{{ $value }}}} bản ghi trên {{{{ $labels.topic }}}}.",
        "Xem còn lại có giảm không; nếu không, thêm worker (nhiều nhất bằng số phân vùng).",
        "consumer-stuck.md",
    ),
    Alert(
        "MotcuaConsumerPaused", "max by (service) (motcua_consumer_paused) == 1", "1h", "warning",
        f"Bộ đọc {_SERVICE} bị tạm dừng đã hơn một giờ.",
        "Chạy motcua lag để biết ai dừng và vì sao; xong việc thì motcua resume.",
        "consumer-paused.md",
    ),
    Alert(
        "MotcuaOffsetsNotCommitted", 'max by (service) (motcua_not_ready{check="offsets"}) == 1', "1m", "warning",
        f"Kafka không ghi nhận vị trí đã đọc của {_SERVICE}; không mất, không trùng.",
        "Xem bộ điều phối nhóm của Kafka.",
        "consumer-stuck.md",
    ),
    Alert(
        "MotcuaRebalances", "sum by (service) (increase(motcua_rebalances_total[30m])) > 12", "5m", "warning",
        f"Các worker của {_SERVICE} liên tục chia lại phân vùng.",
        "Tìm worker chết đi sống lại, hoặc lô quá lâu (motcua_batch_seconds).",
        "consumer-stuck.md",
    ),
    Alert(
        "MotcuaParkedKeys", "max by (service) (motcua_parked_keys) > 0", "1h", "warning",
        f"{{{{ $value }}}} hồ sơ của {_SERVICE} bị giữ lại hơn một giờ.",
        "Chạy motcua parked list; chữa nguyên nhân theo slug, rồi thử lại.",
        "parked-keys.md",
    ),
    Alert(
        "MotcuaDeadLetters",
        "sum by (service, topic, slug) (increase(motcua_records_dead_lettered_total[15m])) > 0", "0m", "warning",
        f"{_SERVICE} có thư chết mới trên {{{{ $labels.topic }}}}: {{{{ $labels.slug }}}}.",
        "Chạy motcua letters list; báo bên gửi của topic đó.",
        "dead-letters.md",
    ),
    Alert(
        "MotcuaStuckDossiers", "max by (kind) (motcua_stuck_cases) > 0", "1h", "warning",
        "{{ $value }} hồ sơ hoặc tin đang kẹt ({{ $labels.kind }}).",
        "Chạy motcua stuck: mỗi dòng có nguyên nhân và cách xử lý.",
        "stuck-dossiers.md",
    ),
    Alert(
        "MotcuaNoticesWait", "max(motcua_notices_waiting) > 500", "30m", "warning",
        "{{ $value }} thông báo chưa giao được cho cổng nhắn tin.",
        "Xem nhật ký gateway.stopped, hạn mức ngày và trần chi của thông báo.",
        "notices-waiting.md",
    ),
    Alert(
        "MotcuaZaloConsent",
        'increase(motcua_notices_attempted_total{channel="zalo",result="configuration"}[15m]) > 0', "0m", "warning",
        "Zalo từ chối vì cấu hình hoặc hết quyền; thông báo đi bằng SMS, tốn hơn.",
        "Lấy lại quyền gửi trong trang quản trị Zalo.",
        "zalo-consent.md",
    ),
    Alert(
        "MotcuaSmsRefused",
        "sum by (result) (increase("
        'motcua_notices_attempted_total{channel="sms",result=~"billing|configuration|template"}[15m])) > 0',
        "0m", "critical",
        "Cổng SMS từ chối: {{ $labels.result }}.",
        "Nạp tiền, sửa khóa hoặc đăng ký mẫu tin; tin đang chờ tự đi sau đó.",
        "esms-refuses.md",
    ),
    Alert(
        "MotcuaSpendingCap", "sum by (cap) (increase(motcua_spending_caps_reached_total[1h])) > 0", "0m", "warning",
        "Đã chạm trần chi trong ngày cho thông báo ({{ $labels.cap }}).",
        "Nâng trần, hoặc tìm xem quầy nào gửi nhiều.",
        "notices-waiting.md",
    ),
    Alert(
        "MotcuaHttpErrors",
        'sum by (service) (rate(motcua_http_requests_total{status=~"5.."}[5m]))'
        " / sum by (service) (rate(motcua_http_requests_total[5m])) > 0.05",
        "5m", "critical",
        f"Hơn 5% yêu cầu tới {_SERVICE} bị lỗi 5xx.",
        "503: xem MongoDB. 500: đọc nhật ký theo correlation_id.",
        "slow-answers.md",
    ),
    Alert(
        "MotcuaHttpSlow",
        "histogram_quantile(0.99, sum by (service, le) (rate(motcua_http_seconds_bucket[10m]))) > 2", "10m", "warning",
        f"Một phần trăm yêu cầu tới {_SERVICE} phải chờ quá 2 giây.",
        "Xem MongoDB và motcua_transaction_retries_total.",
        "slow-answers.md",
    ),
    Alert(
        "MotcuaLoopFails", "sum by (service, loop) (increase(motcua_loop_failures_total[15m])) > 10", "5m", "warning",
        f"Vòng {{{{ $labels.loop }}}} của {_SERVICE} thất bại liên tục.",
        "Đọc nhật ký loop.failed của vòng đó.",
        "process-down.md",
    ),
    Alert(
        "MotcuaWebhooksFail",
        'max by (state) (motcua_webhook_subscriptions{state=~"failing|paused"}) > 0', "1h", "warning",
        "{{ $value }} đăng ký webhook của cơ quan không nhận được tin ({{ $labels.state }}).",
        "Gọi cơ quan đó; tin được giữ và gửi lại.",
        "webhooks-fail.md",
    ),
    Alert(
        "MotcuaDiskNearlyFull",
        'node_filesystem_avail_bytes{fstype!~"tmpfs|overlay"} / node_filesystem_size_bytes < 0.1', "10m", "critical",
        "Đĩa {{ $labels.mountpoint }} trên {{ $labels.instance }} còn dưới 10%.",
        "Dọn theo sổ tay; không xóa outbox, inbox, fences bằng tay.",
        "disk-full.md",
    ),
)  # fmt: skip
ELSEWHERE = frozenset({"up", "node_filesystem_avail_bytes", "node_filesystem_size_bytes"})
"""Metrics that Prometheus itself and its node exporter give."""
