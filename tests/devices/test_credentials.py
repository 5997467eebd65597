"""Credentials out of the environment."""

import pytest

from devices.credentials import Credentials, secret
from devices.errors import CredentialsError


def test_user_and_password_come_from_two_variables():
    env = {"STREET_CAMERA_USER": "viewer", "STREET_CAMERA_PASSWORD": "hush"}
    assert Credentials.from_environment("STREET_CAMERA", env) == Credentials("viewer", "hush")


def test_a_file_may_hold_the_value_and_its_line_end_is_not_part_of_it(tmp_path):
    path = tmp_path / "password"
    path.write_bytes("密 码 \r\n".encode())
    assert secret("X_PASSWORD", {"X_PASSWORD_FILE": str(path)}) == "密 码 "


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({}, "X_USER: is not set; set it, or X_USER_FILE"),
        ({"X_USER": "viewer"}, "X_PASSWORD: is not set; set it, or X_PASSWORD_FILE"),
        ({"X_USER": "viewer", "X_PASSWORD": ""}, "X_PASSWORD: is empty"),
        ({"X_USER": "v", "X_PASSWORD": "hush", "X_PASSWORD_FILE": "f"}, "unset one of them"),
        (
            {"X_USER": "v", "X_PASSWORD_FILE": "/no/such"},
            "X_PASSWORD_FILE: cannot read /no/such: No such file",
        ),
    ],
)
def test_what_is_missing_is_named_with_the_fix(env, says):
    with pytest.raises(CredentialsError, match=says) as caught:
        Credentials.from_environment("X", env)
    assert "hush" not in str(caught.value)


def test_a_file_that_is_no_text_is_named_without_its_bytes(tmp_path):
    path = tmp_path / "password"
    path.write_bytes(b"\xff\xfehush")
    with pytest.raises(CredentialsError, match="not UTF-8 text"):
        secret("X_PASSWORD", {"X_PASSWORD_FILE": str(path)})


def test_the_password_is_not_in_the_repr():
    assert repr(Credentials("viewer", "hush")) == "Credentials(user='viewer')"
