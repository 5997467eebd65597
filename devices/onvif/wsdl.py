"""The ONVIF service descriptions, parsed once for all cameras of a process.

Parsing the two takes about 0.3 CPU-seconds and 10 MiB; done per camera it would be 18 CPU-seconds and
450 MiB for 38. The files are those of the `onvif-zeep` distribution, found through its metadata:
importing its `onvif` package would reconfigure the process's logging.
"""

from __future__ import annotations

import logging
import threading
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, NamedTuple

import zeep

from devices.errors import CameraError


class Service(NamedTuple):
    """An ONVIF service: the file that describes it and the binding it is called through."""

    file: str
    binding: str


DEVICE = Service("devicemgmt.wsdl", "{http://www.onvif.org/ver10/device/wsdl}DeviceBinding")
MEDIA = Service("media.wsdl", "{http://www.onvif.org/ver10/media/wsdl}MediaBinding")

_parsed: dict[Service, Any] = {}
_lock = threading.Lock()


def parsed(service: Service) -> Any:
    """The zeep client of `service`: shared, so copy it before setting anything on it.

    Raises:
        CameraError: the service descriptions are not installed.
    """
    with _lock:
        if service not in _parsed:
            # zeep logs a traceback for every value that it cannot convert; we say what that leads to.
            logging.getLogger("zeep").setLevel(logging.CRITICAL)
            # Not strict: cameras leave required elements out and add their own.
            settings = zeep.Settings(strict=False)
            _parsed[service] = zeep.Client(str(_path(service.file)), settings=settings)
        return _parsed[service]


def _path(file: str) -> Path:
    try:
        path = Path(str(distribution("onvif-zeep").locate_file(f"wsdl/{file}")))
    except PackageNotFoundError as error:
        raise CameraError("the package onvif-zeep is not installed; install gridwatch[edge]") from error
    if not path.is_file():
        raise CameraError(f"onvif-zeep is installed without its wsdl/{file}; install it again")
    return path
