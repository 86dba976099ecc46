"""Prometheus alert rules and the scrape configuration they count on."""

from __future__ import annotations

from typing import Any

from services.kit.alerts import ALERTS

RUNBOOKS = "docs/runbooks/"
API_PORTS = {"intake": 8101, "routing": 8102, "notify": 8103}
WORKER_PORTS = {"intake": 8111, "routing": 8112, "notify": 8113}


def rules() -> dict[str, Any]:
    """One group; every alert says what to do and where it is explained."""
    return {
        "groups": [
            {
                "name": "motcua",
                "rules": [
                    {
                        "alert": alert.name,
                        "expr": alert.expr,
                        "for": alert.for_,
                        "labels": {"severity": alert.severity},
                        "annotations": {
                            "summary": alert.summary,
                            "what_to_do": alert.what_to_do,
                            "runbook": RUNBOOKS + alert.runbook,
                        },
                    }
                    for alert in ALERTS
                ],
            }
        ]
    }


def scraping() -> dict[str, Any]:
    """A Prometheus beside the containers, in their network."""
    targets = [
        {
            "targets": [f"{service}-{role}:{port}"],
            "labels": {"service": service, "role": role},
        }
        for role, ports in (("api", API_PORTS), ("worker", WORKER_PORTS))
        for service, port in ports.items()
    ]
    return {
        "global": {"scrape_interval": "15s", "scrape_timeout": "10s", "evaluation_interval": "15s"},
        "rule_files": ["alerts.yml"],
        "scrape_configs": [{"job_name": "motcua", "static_configs": targets}],
    }
