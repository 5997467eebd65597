"""What a site asks of one node, once it is sure that the node can do it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from devices.credentials import Credentials, secret
from devices.errors import CredentialsError
from devices.site.model import Node, Point, Site
from edge.errors import EdgeError, TokenMissing
from edge.send.token import bearer, token_from
from edge.send.trust import trust_from


def points_for(site: Site, node: str, env: Mapping[str, str], state: Path) -> list[Point]:
    """The node's points.

    Raises:
        EdgeError: the site does not have the node, or a secret or certificate is missing.
    """
    node_in(site, node)
    points = list(site.points_of(node))
    _check_secrets(site, node, points, env, state)
    trust_from(site.uplink, env)
    return points


def node_in(site: Site, node: str) -> Node:
    """The node as the site describes it.

    Raises:
        EdgeError: it does not.
    """
    found = next((one for one in site.nodes if one.id == node), None)
    if found is None:
        known = ", ".join(one.id for one in site.nodes)
        raise EdgeError(f"node {node!r} is not in the site file; it has {known}")
    return found


def _check_secrets(site: Site, node: str, points: list[Point], env: Mapping[str, str], state: Path) -> None:
    """A secret that is missing at the start is the operator's slip: said at once, and all of them.

    Raises:
        EdgeError: names the variables, never a value.
    """
    names = {camera.credentials for point in points for camera in point.cameras}
    if any(point.sensors for point in points):
        names.add(site.broker.credentials)
    faults = []
    for name in sorted(one for one in names if one is not None):
        try:
            Credentials.from_environment(name, env)
        except CredentialsError as error:
            faults.append(str(error))
    for password in sorted({one.password for one in node_in(site, node).stations if one.password}):
        try:
            secret(f"{password}_PASSWORD", env)
        except CredentialsError as error:
            faults.append(str(error))
    try:
        bearer(token_from(env, state)())
    except TokenMissing as error:
        faults.append(str(error))
    if faults:
        raise EdgeError("; ".join(faults))
