"""Which processes a local installation has, on which ports, with which environment.

The environment is all that differs between here and a server: docker-compose.yml sets the same names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from local.engines import Endpoints
from local.engines.ports import choose_port
from local.identity import Identity
from local.samples.load import read_samples
from local.simulators.settings import SimulatorSettings


@dataclass(frozen=True)
class Ports:
    """Where everything listens on 127.0.0.1."""

    kafka: int = 9192
    mongo: int = 27117
    intake_api: int = 8101
    routing_api: int = 8102
    notify_api: int = 8103
    intake_worker: int = 8111
    routing_worker: int = 8112
    notify_worker: int = 8113
    simulators: int = 8190
    doorway: int = 9193
    """The embedded broker's door for clients built on librdkafka."""
    smsc: int = 8191
    oidc: int = 8180

    @classmethod
    def free(cls) -> Ports:
        """Other ports than the usual ones, for tests and for a demonstration beside a running installation."""
        return cls(*(choose_port(0) for _ in fields(cls)))


@dataclass(frozen=True)
class Addresses:
    """Where callers find things."""

    intake: str
    routing: str
    notify: str
    simulators: str
    oidc: str
    kafka: str
    kafka_for_kcat: str
    """The same log for clients built on librdkafka."""
    mongodb: str

    @classmethod
    def of(cls, ports: Ports, endpoints: Endpoints) -> Addresses:
        def url(port: int) -> str:
            return f"http://127.0.0.1:{port}"

        return cls(
            url(ports.intake_api),
            url(ports.routing_api),
            url(ports.notify_api),
            url(ports.simulators),
            url(ports.oidc),
            endpoints.kafka_bootstrap,
            f"127.0.0.1:{ports.doorway}" if endpoints.kafka_memory_only else endpoints.kafka_bootstrap,
            endpoints.mongodb_url,
        )


@dataclass(frozen=True)
class ProcessPlan:
    """One process to run."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    health: str
    """URL that answers 200 when it is ready."""


def kafka_env(endpoints: Endpoints, epoch: str) -> dict[str, str]:
    """How the services reach the broker at hand."""
    return {
        "KAFKA_BOOTSTRAP": endpoints.kafka_bootstrap,
        "KAFKA_IDEMPOTENCE": str(endpoints.kafka_idempotence).lower(),
        "KAFKA_EPOCH": epoch,
        "KAFKA_FETCH_MAX_WAIT_MS": str(min(endpoints.fetch_max_wait_ms, 100)),
        "KAFKA_SESSION_TIMEOUT_MS": "10000",
    }


def services(
    ports: Ports, endpoints: Endpoints, identity: Identity, *, epoch: str, prefix: str, clock_offset: float
) -> list[ProcessPlan]:
    """The six service processes."""
    simulator = SimulatorSettings()
    simulators = f"http://127.0.0.1:{ports.simulators}"
    common = kafka_env(endpoints, epoch) | {
        "MONGODB_URL": endpoints.mongodb_url,
        "MONGODB_PREFIX": prefix,
        "CLOCK_OFFSET_SECONDS": str(clock_offset),
        "WEB_SITES": json.dumps(
            {
                "intake": f"http://127.0.0.1:{ports.intake_api}",
                "routing": f"http://127.0.0.1:{ports.routing_api}",
                "notify": f"http://127.0.0.1:{ports.notify_api}",
            }
        ),
        "OIDC_ISSUER": f"http://127.0.0.1:{ports.oidc}",
        "OIDC_DEVELOPMENT": "true",
    }
    samples = read_samples()
    own: dict[str, dict[str, str]] = {
        "intake": {
            "INTAKE_API_PORT": str(ports.intake_api),
            "INTAKE_WORKER_PORT": str(ports.intake_worker),
            "INTAKE_PRIVATE_KEY": identity.intake_private_key,
            "NOTIFY_PUBLIC_KEY": identity.notify_public_key,
            # Here everybody asks from this machine: who plays several citizens says from where each of them asks.
            "TRUSTED_PROXIES": '["127.0.0.1"]',
            "PUBLIC_BASE_URL": f"http://127.0.0.1:{ports.intake_api}",
            "ONLINE_FORM": json.dumps(samples.counter_codes),
            "OFFICE_NAMES": json.dumps(samples.counter_names | samples.agency_names),
            "ANSWER_CHECK_SECONDS": "5",
        },
        "routing": {
            "ROUTING_API_PORT": str(ports.routing_api),
            "ROUTING_WORKER_PORT": str(ports.routing_worker),
            "ROUTING_PRIVATE_KEY": identity.routing_private_key,
            # Here webhooks lead to programs on this machine.
            "WEBHOOK_ALLOW_HTTP": "true",
            "WEBHOOK_NETWORKS": '["127.0.0.0/8"]',
            "WEBHOOK_PORTS": "[]",
        },
        "notify": {
            "NOTIFY_API_PORT": str(ports.notify_api),
            "NOTIFY_WORKER_PORT": str(ports.notify_worker),
            "NOTIFY_PRIVATE_KEY": identity.notify_private_key,
            "NOTIFY_PHONE_KEY": identity.notify_phone_key,
            "NOTIFY_PUBLIC_KEY": identity.notify_public_key,
            "OFFICE_NAMES": json.dumps(samples.counter_names),
            "ZALO_BASE_URL": f"{simulators}/zalo",
            "ZALO_OAUTH_URL": f"{simulators}/zalo-oauth",
            "ZALO_APP_ID": simulator.zalo_app_id,
            "ZALO_APP_SECRET": simulator.zalo_app_secret,
            "ZALO_OA_SECRET_KEY": simulator.zalo_oa_secret_key,
            "ESMS_BASE_URL": f"{simulators}/esms",
            "ESMS_API_KEY": simulator.esms_api_key,
            "ESMS_SECRET_KEY": simulator.esms_secret_key,
            "ESMS_BRANDNAME": simulator.esms_brandname,
            "ESMS_CALLBACK_SECRET": identity.esms_callback_secret,
            "RATING_BASE_URL": f"http://127.0.0.1:{ports.intake_api}/danh-gia",
            "ESMS_CALLBACK_URL": f"http://127.0.0.1:{ports.notify_api}/v1/webhooks/esms/{identity.esms_callback_secret}",
            "SPEEDSMS_BASE_URL": f"{simulators}/speedsms",
            "SPEEDSMS_TOKEN": simulator.speedsms_token,
            "SPEEDSMS_SENDER": simulator.speedsms_sender,
            "SPEEDSMS_CALLBACK_SECRET": identity.speedsms_callback_secret,
            "VNPT_BASE_URL": f"{simulators}/vnpt",
            "VNPT_AGENT_ID": simulator.vnpt_agent_id,
            "VNPT_API_USER": simulator.vnpt_api_user,
            "VNPT_API_PASS": simulator.vnpt_api_pass,
            "VNPT_USERNAME": simulator.vnpt_username,
            "VNPT_LABEL_ID": simulator.vnpt_label_id,
            "VNPT_CONTRACT_ID": simulator.vnpt_contract_id,
            "SMPP_HOST": "127.0.0.1",
            "SMPP_PORT": str(ports.smsc),
            "SMPP_SYSTEM_ID": simulator.smsc_system_id,
            "SMPP_PASSWORD": simulator.smsc_password,
            "SMPP_SENDER": simulator.smsc_sender,
            # The simulators' receipts come within seconds; production waits minutes and hours.
            "SMS_WEIGHTS": '{"esms": 50, "vnpt": 20, "smpp": 20, "speedsms": 10}',
            "GATEWAY_RATES": '{"speedsms": 50}',
            "ZALO_UNKNOWN_SECONDS": "20",
            "QUIET_HOURS": "",
            "ZALO_RECEIPT_SECONDS": "30",
            "SMS_RECEIPT_SECONDS": "60",
            "SMS_UNKNOWN_SECONDS": "30",
            "VNPT_POLL_SECONDS": "1",
        },
    }
    plans = []
    for service, env in own.items():
        for role, port in (
            ("api", env[f"{service.upper()}_API_PORT"]),
            ("worker", env[f"{service.upper()}_WORKER_PORT"]),
        ):
            command = (sys.executable, "-m", f"services.{service}.{role}")
            plans.append(ProcessPlan(f"{service}-{role}", command, common | env, f"http://127.0.0.1:{port}/readyz"))
    return plans


def simulators(ports: Ports, data_dir: Path, identity: Identity, *, clock_offset: float) -> ProcessPlan:
    """The phone networks."""
    env = {
        "SIM_PORT": str(ports.simulators),
        "SIM_STATE_FILE": str(data_dir / "simulators.jsonl"),
        "SIM_ZALO_WEBHOOK_URL": f"http://127.0.0.1:{ports.notify_api}/v1/webhooks/zalo",
        "SIM_ZALO_WEBHOOK_SCHEDULE_SECONDS": "[1, 2, 4, 8, 16, 30, 30, 30, 60]",
        "SIM_ESMS_CALLBACK_RETRY_SECONDS": "2",
        "SIM_SPEEDSMS_WEBHOOK_URL": (
            f"http://127.0.0.1:{ports.notify_api}/v1/webhooks/speedsms/{identity.speedsms_callback_secret}"
        ),
        "SIM_SPEEDSMS_WEBHOOK_RETRY_SECONDS": "2",
        "SIM_SMSC_PORT": str(ports.smsc),
        "SIM_CLOCK_OFFSET_SECONDS": str(clock_offset),
        "SIM_ZALO_NIGHT_BLOCK": "false",
        "SIM_ZALO_DAILY_QUOTA": "500000",
    }
    command = (sys.executable, "-m", "local.simulators")
    return ProcessPlan("simulators", command, env, f"http://127.0.0.1:{ports.simulators}/livez")


def sign_in(ports: Ports) -> ProcessPlan:
    """The provider of sign-in, where everybody may be anybody."""
    url = f"http://127.0.0.1:{ports.oidc}/livez"
    return ProcessPlan("oidc", (sys.executable, "-m", "local.oidc"), {"OIDC_DEV_PORT": str(ports.oidc)}, url)
