"""The locks pin what is installed and name no address: whoever sets up says where packages come from."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = [ROOT / "cloud/web/package-lock.json", *sorted((ROOT / "requirements").glob("*.txt"))]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_address(lock):
    found = re.findall(r"\w+://[^\s\"]*", lock.read_text())
    assert found == [], "npm writes `funding` addresses into its lock; take them out"


@pytest.mark.parametrize("lock", LOCKS[1:], ids=lambda lock: lock.name)
def test_every_python_package_is_pinned_with_a_hash(lock):
    packages = re.findall(r"^[A-Za-z0-9].*?(?=^[A-Za-z0-9]|\Z)", lock.read_text(), re.MULTILINE | re.DOTALL)
    assert packages
    assert all("==" in one and "--hash=sha256:" in one for one in packages)
