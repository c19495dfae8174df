# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""iscsi_target and iscsi_session as Ansible runs them, on a machine that has neither LIO nor a session.

What they do to a kernel is tested on stand-ins (tests/unit/test_iscsi_target.py, test_iscsi_session.py) and in a lab.
"""

from __future__ import annotations

import json
import socket
import typing as t
from pathlib import Path

import pytest

if t.TYPE_CHECKING:
    from tests.conftest import RunModule

IQN = "iqn.2026-01.org.example:mct-storage"
SECRETS = {"password": "one-long-secret", "mutual_password": "another-long-secret"}
CHAP = {"userid": "host1", "mutual_userid": "storage", **SECRETS}
TARGET = {
    "name": IQN,
    "portals": [{"address": "127.0.0.1"}],
    "luns": [{"lun": 0, "name": "mct", "device": "/dev/mct/nothing"}],
    "initiators": [{"name": "iqn.2026-01.org.example:mct-host1", **CHAP}],
}
pytestmark = pytest.mark.skipif(
    Path("/sys/kernel/config/target").exists() or Path("/sys/class/iscsi_session").exists(),
    reason="this machine has iSCSI targets or sessions of its own",
)


def told(result: dict[str, t.Any]) -> str:
    """The result as it is shown, and no secret in it."""
    text = json.dumps(result)
    assert [secret for secret in SECRETS.values() if secret in text] == []
    return text


def test_a_target_in_check_mode(run_module: RunModule) -> None:
    result = run_module("iscsi_target", TARGET, check=True)
    told(result)
    assert result["changed"]
    assert result["target"]["luns"][0]["wwid"].startswith("36001405")
    assert "A real run needs more: /dev/mct/nothing: there is no such device." in result["warnings"]
    assert not Path("/sys/kernel/config/target").exists()
    assert not run_module("iscsi_target", {"name": IQN, "state": "absent"}, check=True)["changed"]


def test_a_target_that_can_not_be_had_changes_nothing(run_module: RunModule) -> None:
    result = run_module("iscsi_target", TARGET, expect="failed")
    told(result)
    assert result["error_code"] == "not_found"
    assert "/dev/mct/nothing: there is no such device" in result["msg"]
    bad = {**TARGET, "initiators": [{**TARGET["initiators"][0], "password": "short-word"}]}  # type: ignore[index]
    result = run_module("iscsi_target", bad, expect="failed")
    assert result["error_code"] == "bad_value"
    assert "short-word" not in json.dumps(result)


def test_sessions(run_module: RunModule) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        portal = {"address": "127.0.0.1", "port": server.getsockname()[1]}
        args = {"target": IQN, "portals": [portal], **CHAP}
        result = run_module("iscsi_session", args, check=True)
        told(result)
        assert result["changed"]
        assert "session at 127.0.0.1:{port}".format(**portal) in result["targets"][0]["changes"]
    result = run_module("iscsi_session", args, expect="failed")
    told(result)
    assert result["error_code"] == "no_answer"
    assert "Connection refused" in result["msg"]
    assert not run_module("iscsi_session", {"target": IQN, "state": "absent"})["changed"]
