"""The tables of people: who else sees a case, tokens of API clients, accounts at a provider, open log-ins."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from cloud.database.columns import JSON, TIME, key, may, metadata, must

incident_party = Table("incident_party", metadata, key("incident_id", Uuid), key("party", Text))
"""Who sees a case wherever it lies: `person:<username>`, `organisation:<id>`."""

api_token = Table(
    "api_token", metadata, key("id", Uuid), must("token_hash", LargeBinary), must("name", Text),
    may("person_id", Uuid), may("organisation", Text), must("roles", ARRAY(Text)), must("areas", ARRAY(Text)),
    must("created_at", TIME), must("created_by", Text), must("expires_at", TIME), may("revoked_at", TIME),
    may("used_at", TIME),
)  # fmt: skip
person_subject = Table(
    "person_subject", metadata, key("issuer", Text), key("subject", Text), must("person_id", Uuid),
    must("linked_at", TIME), must("linked_by", Text),
)  # fmt: skip
person_event = Table(
    "person_event", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    must("at", TIME), must("username", Text), must("action", Text), must("actor", Text), must("detail", JSON),
)  # fmt: skip
oidc_login = Table(
    "oidc_login", metadata, key("state_hash", LargeBinary), must("browser_hash", LargeBinary),
    must("nonce", Text), must("verifier", Text), must("began_at", TIME),
)  # fmt: skip
