"""SOAP calls to one camera, over the service descriptions that all cameras share."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lxml import etree
from requests.auth import HTTPDigestAuth
from zeep import exceptions as zeep_errors
from zeep.helpers import serialize_object
from zeep.ns import WSSE
from zeep.wsse.username import UsernameToken

from devices.credentials import Credentials
from devices.errors import CameraFault, CameraRefused
from devices.onvif.model import Timeouts
from devices.onvif.quirks import Place, is_refusal, one_line
from devices.onvif.transport import Answer, Http
from devices.onvif.wsdl import Service, parsed

UNREADABLE = (
    zeep_errors.Error,
    etree.LxmlError,
    AttributeError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
)
"""What zeep, lxml and isodate raise on an answer that is not what its description says."""


class Declined(CameraFault):
    """The camera understood the call and has nothing for it: a fault of its own, or an empty answer."""


class Caller:
    """Calls operations of one camera and turns whatever comes back into a value or one of our errors.

    Use it from one thread at a time; callers of different cameras may run side by side.
    """

    def __init__(self, place: Place, credentials: Credentials | None, timeouts: Timeouts, http: Http) -> None:
        self._place = place
        self._credentials = credentials
        self._timeouts = timeouts
        self._http = http
        self._digest: HTTPDigestAuth | None = None

    def call(
        self,
        service: Service,
        address: str,
        operation: str,
        *,
        created: datetime | None,
        silent: bool = False,
        **arguments: Any,
    ) -> Any:
        """Call `operation` once and return its answer as dicts, lists, strings and numbers.

        `created` is the camera's time for the log-in token; None calls without credentials. `silent`: the
        answer has nothing in it.

        Raises:
            CameraUnreachable: nobody answers.
            CameraRefused: the camera wants other credentials, or any.
            Declined: the camera's own fault, or an empty answer.
            CameraFault: an unreadable answer, or none in time.
        """
        logged_in = created is not None and self._credentials is not None
        client = copy.copy(parsed(service))
        client.wsse = self._token(created) if logged_in else None
        client.transport = _Post(self, logged_in)
        bound = client.create_service(service.binding, address)
        try:
            answer = serialize_object(getattr(bound, operation)(**arguments), dict)
        except zeep_errors.Fault as fault:
            raise self._fault(operation, fault) from None
        except UNREADABLE as error:
            raise CameraFault(
                f"{self._place}: its answer to {operation} cannot be read ({type(error).__name__})"
            ) from None
        if answer is None and not silent:
            raise Declined(f"{self._place}: its answer to {operation} is empty")
        return answer

    def post(self, address: str, envelope: Any, headers: Mapping[str, str], *, logged_in: bool) -> Answer:
        """Send one envelope; a camera that wants HTTP Digest instead of a log-in token gets that, once.

        The credentials go out once more only when the camera offers another way to give them, and the
        way that it took is kept, so that a wrong password costs one try a call.
        """
        auth = self._digest if logged_in else None
        answer = self._send(address, envelope if auth is None else _without_token(envelope), headers, auth)
        if logged_in and auth is None and answer.status_code == 401 and offers(answer, "Digest"):
            assert self._credentials is not None
            self._digest = HTTPDigestAuth(self._credentials.user, self._credentials.password)
            answer = self._send(address, _without_token(envelope), headers, self._digest)
        if answer.status_code in (401, 403):
            raise self.refused(f"HTTP {answer.status_code}")
        return answer

    def _send(
        self, address: str, envelope: Any, headers: Mapping[str, str], auth: HTTPDigestAuth | None
    ) -> Answer:
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return self._http("POST", address, timeouts=self._timeouts, body=body, headers=headers, auth=auth)

    def _token(self, created: datetime | None) -> UsernameToken:
        assert self._credentials is not None
        return UsernameToken(
            self._credentials.user,
            self._credentials.password,
            use_digest=True,
            created=created,
            zulu_timestamp=True,  # the profile's examples end in Z, and some cameras take nothing else
        )

    def refused(self, why: str) -> CameraRefused:
        """The error for a camera that wants other credentials."""
        if self._credentials is None:
            return CameraRefused(f"{self._place}: wants credentials and none are configured ({why})")
        return CameraRefused(f"{self._place}: refuses the credentials ({why})")

    def _fault(self, operation: str, fault: zeep_errors.Fault) -> CameraRefused | Declined:
        codes = [etree.QName(code).localname for code in fault.subcodes or () if code is not None]
        reason = one_line(fault.message) or ", ".join(codes) or "no reason given"
        if self._credentials is not None and self._credentials.password:
            reason = reason.replace(self._credentials.password, "***")
        if is_refusal(codes, reason):
            return self.refused(reason)
        return Declined(f"{self._place}: answers {operation} with a fault: {reason}")


class _Post:
    """The part of zeep's `Transport` that a call needs."""

    def __init__(self, caller: Caller, logged_in: bool) -> None:
        self._caller = caller
        self._logged_in = logged_in

    def post_xml(self, address: str, envelope: Any, headers: Mapping[str, str]) -> Answer:
        answer = self._caller.post(address, envelope, headers, logged_in=self._logged_in)
        # Without its headers: zeep would take a content type of multipart for an envelope with attachments.
        return Answer(answer.status_code, {}, answer.content)


def offers(answer: Answer, scheme: str) -> bool:
    """Whether a 401 answer offers this HTTP authentication scheme."""
    return re.search(rf"\b{scheme}\b", answer.headers.get("WWW-Authenticate", ""), re.IGNORECASE) is not None


def _without_token(envelope: Any) -> Any:
    bare = copy.deepcopy(envelope)
    for token in list(bare.iter(f"{{{WSSE}}}Security")):
        token.getparent().remove(token)
    return bare
