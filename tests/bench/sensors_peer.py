"""The configuration files of thingsboard-gateway for the bench."""

from __future__ import annotations

from pathlib import Path

from tests.bench.sensors_load import PASSWORD, QUANTITY, USER


def configuration(broker: int, platform: int, data: Path) -> dict[str, object]:
    """Its own defaults but for the store, the quiet log and what must be named."""
    quiet = {"handlers": ["console"], "level": "WARNING", "propagate": False}
    loggers = (
        "service",
        "connector",
        "converter",
        "tb_connection",
        "storage",
        "database",
        "extension",
        "statistics",
    )
    return {
        "tb_gateway.json": {
            "thingsboard": {
                "host": "127.0.0.1", "port": platform, "remoteShell": False, "remoteConfiguration": False,
                "statistics": {"enable": False, "statsSendPeriodInSeconds": 3600},
                "minPackSendDelayMS": 50, "minPackSizeToSend": 500, "qos": 1,
                "checkConnectorsConfigurationInSeconds": 3600,
                "security": {
                    "type": "usernamePassword", "username": USER, "password": PASSWORD, "clientId": "tb",
                },
                "reportStrategy": {"type": "ON_RECEIVED"},
            },
            "storage": {
                "type": "sqlite", "data_file_path": f"{data}/",
                "messages_ttl_check_in_hours": 1, "messages_ttl_in_days": 7, "max_read_records_count": 1000,
            },
            "grpc": {"enabled": False},
            "connectors": [{"type": "mqtt", "name": "MQTT", "configuration": "mqtt.json"}],
        },
        "mqtt.json": {
            "broker": {
                "host": "127.0.0.1", "port": broker, "clientId": "tb-gateway", "version": 5,
                "maxMessageNumberPerWorker": 10, "maxNumberOfWorkers": 100,
                "cleanSession": False, "cleanStart": False, "sessionExpiryInterval": 604800,
                "security": {"type": "basic", "username": USER, "password": PASSWORD},
            },
            "mapping": [
                {
                    "topicFilter": "grid/v1/+/+/tele", "subscriptionQos": 1,
                    "converter": {
                        "type": "json",
                        "deviceInfo": {
                            "deviceNameExpressionSource": "topic",
                            "deviceNameExpression": r"(?<=/)([^/]+)(?=/tele)",
                            "deviceProfileExpressionSource": "constant",
                            "deviceProfileExpression": "default",
                        },
                        "sendDataOnlyOnChange": False, "timeout": 60000, "attributes": [],
                        "timeseries": [{"type": "double", "key": QUANTITY, "value": "${m[0].v}"}],
                    },
                }
            ],
        },
        "logs.json": {
            "version": 1, "disable_existing_loggers": False,
            "formatters": {"LogFormatter": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
            "handlers": {
                "console": {"class": "logging.StreamHandler", "formatter": "LogFormatter", "stream": "ext://sys.stdout"}
            },
            "loggers": dict.fromkeys(loggers, quiet),
            "root": {"level": "WARNING", "handlers": ["console"]},
        },
    }  # fmt: skip
