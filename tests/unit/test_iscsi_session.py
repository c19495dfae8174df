# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""iscsi_session on a stand-in for a machine: a tree like /sys, open-iscsi's records, and programs that do to both what
iscsiadm and multipathd do. Sessions want a kernel module and a server; they are for a lab machine."""

from __future__ import annotations

import copy
import json
import shutil
import socket
import stat
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.minicloud.kvm.plugins.module_utils import _iscsi_session_task
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_session_system import (
    System,
    answers,
    read_values,
    write_values,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_session_task import OPTIONS
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target import Portal

IQN = "iqn.2026-01.org.example:storage"
SECRET, MUTUAL = "one-long-secret", "another-long-secret"
GIB = 1024**3
# As iscsiadm 2.1.8 writes it, without most of its lines.
RECORD = """# BEGIN RECORD 2.1.8
node.name = {target}
node.tpgt = 1
node.startup = manual
node.leading_login = No
iface.iscsi_ifacename = default
node.session.timeo.replacement_timeout = 120
node.session.auth.authmethod = None
node.conn[0].address = {address}
node.conn[0].port = {port}
# END RECORD
"""


class Machine:
    """A machine with open-iscsi, and a server with two portals and one LUN."""

    def __init__(self, place: Path) -> None:
        self.sys, self.nodes = place / "sys", place / "iscsi" / "nodes"
        self.nodes.mkdir(parents=True)
        self.offered = [Portal("192.0.2.10"), Portal("2001:db8::10")]
        self.size, self.commands = 10 * GIB, list[list[str]]()
        self.denied: int | None = None
        self.installed = True
        self.multipath = True
        self.system = System(self.run, self.find, str(self.sys), (str(place / "other"), str(self.nodes)))

    def find(self, program: str) -> str | None:
        return f"/sbin/{program}" if self.installed else None

    def run(self, command: list[str]) -> tuple[int, str, str]:
        self.commands.append(command)
        assert not {SECRET, MUTUAL} & set(command)
        words = dict(zip(command[1::2], command[2::2]))
        if command[0] == "/sbin/multipathd":
            self.write("block/dm-0/size", self.read("block/sda/size"))
        elif words.get("--mode") == "discoverydb":
            for portal in self.offered:
                self.record(portal)
        elif words.get("--mode") == "session":
            for block in (self.sys / "block").glob("sd*"):
                self.write(f"block/{block.name}/size", str(self.size // 512))
        elif command[-1] == "--login":
            if self.denied is not None:
                return (
                    self.denied,
                    "",
                    "iscsiadm: initiator reported error (24 - iSCSI login failed due to authorization failure)",
                )
            self.log_in(words["--portal"])
        elif command[-1] == "--logout":
            self.log_out(words["--portal"])
        elif words.get("--op") == "delete":
            shutil.rmtree(self.directory(words["--portal"]))
        return 0, "", ""

    def write(self, path: str, text: str) -> None:
        (self.sys / path).parent.mkdir(parents=True, exist_ok=True)
        (self.sys / path).write_text(text + "\n")

    def read(self, path: str) -> str:
        return (self.sys / path).read_text().strip()

    def directory(self, portal: str) -> Path:
        address, _colon, port = portal.rpartition(":")
        return self.nodes / IQN / f"{address.strip('[]')},{port},1"

    def record(self, portal: Portal) -> None:
        file = self.directory(str(portal)) / "default"
        if not file.exists():
            file.parent.mkdir(parents=True)
            file.write_text(RECORD.format(target=IQN, address=portal.address, port=portal.port))
            file.chmod(0o600)

    def values(self, portal: Portal) -> dict[str, str]:
        return read_values((self.directory(str(portal)) / "default").read_text())

    def log_in(self, portal: str, target: str = IQN, state: str = "LOGGED_IN") -> None:
        number = len(list(self.sys.glob("class/iscsi_session/*"))) + 1
        address, _colon, port = portal.rpartition(":")
        disk = "sd" + "abc"[number - 1]
        self.write(f"class/iscsi_session/session{number}/targetname", target)
        self.write(f"class/iscsi_session/session{number}/state", state)
        self.write(f"class/iscsi_connection/connection{number}:0/persistent_address", address.strip("[]"))
        self.write(f"class/iscsi_connection/connection{number}:0/persistent_port", port)
        (self.sys / f"class/iscsi_session/session{number}/device/target1:0:0/1:0:0:0/block/{disk}").mkdir(parents=True)
        self.write(f"block/{disk}/size", str(self.size // 512))
        if self.multipath:
            self.write("block/dm-0/dm/uuid", "mpath-36001405aa")
            self.write("block/dm-0/dm/name", "minicloud")
            self.write("block/dm-0/size", str(self.size // 512))
            (self.sys / "block" / disk / "holders" / "dm-0").mkdir(parents=True, exist_ok=True)

    def log_out(self, portal: str) -> None:
        for connection in self.sys.glob("class/iscsi_connection/*"):
            if (connection / "persistent_address").read_text().strip() == portal.rpartition(":")[0].strip("[]"):
                number = connection.name[len("connection") : -2]
                shutil.rmtree(self.sys / f"class/iscsi_session/session{number}")
                shutil.rmtree(connection)

    def snapshot(self) -> dict[str, str]:
        roots = [path for root in (self.sys, self.nodes) for path in root.rglob("*")]
        return {str(path): path.read_text() if path.is_file() else "" for path in roots}

    def declare(self, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        options = options if "targets" in options else {"target": IQN, **options}
        validated = ArgumentSpecValidator(OPTIONS).validate(copy.deepcopy(options))
        assert validated.error_messages == []
        before = self.snapshot()
        result = _iscsi_session_task.declare(validated.validated_parameters, self.system, check)
        if check:
            assert self.snapshot() == before
        assert SECRET not in json.dumps(result)
        assert MUTUAL not in json.dumps(result)
        return result


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    one = Machine(tmp_path)
    offered = one.offered
    monkeypatch.setattr(
        _iscsi_session_task, "answers", lambda portal, timeout: "" if portal in offered else "No route to host"
    )
    return one


PORTALS = [{"address": "192.0.2.10"}, {"address": "2001:DB8:0::10"}]
CHAP = {"userid": "host1", "password": SECRET, "mutual_userid": "storage", "mutual_password": MUTUAL}
SETTINGS = {"node.session.timeo.replacement_timeout": 5}


def test_from_nothing_to_nothing(machine: Machine) -> None:
    declared = {"portals": PORTALS, **CHAP, "settings": SETTINGS}
    result = machine.declare(check=True, **declared)
    assert result["changed"]
    assert result["targets"][0]["changes"][:1] == ["record of 192.0.2.10:3260"]
    result = machine.declare(**declared)
    assert (result["changed"], result["warnings"]) == (True, [])
    assert result["targets"][0]["disks"] == [{"path": "/dev/mapper/minicloud", "size": 10 * GIB}]
    for portal in machine.offered:
        values = machine.values(portal)
        assert values["node.startup"] == "automatic"
        assert values["node.session.timeo.replacement_timeout"] == "5"
        assert values["node.session.auth.authmethod"] == "CHAP"
        assert (values["node.session.auth.username"], values["node.session.auth.password"]) == ("host1", SECRET)
        assert (values["node.session.auth.username_in"], values["node.session.auth.password_in"]) == ("storage", MUTUAL)
        assert values["node.conn[0].address"] == portal.address
        file = machine.directory(str(portal)) / "default"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(list(machine.sys.glob("class/iscsi_session/*"))) == 2
    for check in (True, False):
        result = machine.declare(check=check, **declared)
        assert (result["changed"], result["diff"], result["targets"][0]["changes"]) == (False, [], [])

    # What is in no record any more is not in use either; a volume group on top would be.
    for check in (True, False):
        result = machine.declare(check=check, state="absent")
        assert len(result["targets"][0]["changes"]) == 4
    assert not list(machine.nodes.rglob("default"))
    assert not machine.declare(state="absent")["changed"]


def test_drift_by_hand(machine: Machine) -> None:
    declared = {"portals": PORTALS, **CHAP, "settings": SETTINGS}
    machine.declare(**declared)
    file = machine.directory("192.0.2.10:3260") / "default"
    text = file.read_text()
    file.write_text(text.replace(SECRET, "somebody-elses").replace("timeout = 5", "timeout = 120"))
    for check in (True, False):
        result = machine.declare(check=check, **declared)
        assert result["targets"][0]["changes"] == [
            (
                "192.0.2.10:3260: node.session.auth.password: (hidden),"
                " node.session.timeo.replacement_timeout: 5 instead of 120"
            )
        ]
        assert result["targets"][0]["relogin_required"] == [
            "node.session.auth.password",
            "node.session.timeo.replacement_timeout",
        ]
    assert file.read_text() == text
    machine.log_out("[2001:db8::10]:3260")
    for check in (True, False):
        assert machine.declare(check=check, **declared)["targets"][0]["changes"] == ["session at [2001:db8::10]:3260"]
    assert not machine.declare(**declared)["changed"]
    # CHAP left out stays as it is.
    assert not machine.declare(portals=PORTALS)["changed"]
    # startup is for the next boot
    result = machine.declare(portals=PORTALS, startup="manual")
    assert (result["changed"], result["targets"][0]["relogin_required"]) == (True, [])


def test_a_lun_grows(machine: Machine) -> None:
    machine.declare(portals=PORTALS)
    machine.size = 20 * GIB
    assert not machine.declare(check=True, portals=PORTALS)["changed"]
    assert not machine.declare(portals=PORTALS, rescan=False)["changed"]
    result = machine.declare(portals=PORTALS)
    assert (result["changed"], result["resized"]) == (True, ["/dev/mapper/minicloud"])
    assert result["targets"][0]["changes"] == [f"/dev/mapper/minicloud: {20 * GIB} bytes instead of {10 * GIB}"]
    assert ["/sbin/multipathd", "resize", "map", "minicloud"] in machine.commands
    assert not machine.declare(portals=PORTALS)["changed"]
    # Somebody else has looked for it, but not told multipathd.
    machine.write("block/dm-0/size", str(20 * GIB // 512 - 8))
    for check in (True, False):
        assert machine.declare(check=check, portals=PORTALS)["resized"] == ["/dev/mapper/minicloud"]
    # Not before all paths have it
    machine.write("block/dm-0/size", str(10 * GIB // 512))
    machine.write("block/sdb/size", str(10 * GIB // 512))
    assert machine.declare(portals=PORTALS, rescan=False)["resized"] == []


def test_other_sessions_go_only_when_they_are_named(machine: Machine) -> None:
    machine.declare(portals=PORTALS)
    machine.log_in("192.0.2.99:3260", "iqn.2026-01.org.example:other")
    result = machine.declare(portals=PORTALS[:1])
    assert not result["changed"]
    assert result["warnings"] == [
        f"There is a session with {IQN} at [2001:db8::10]:3260 too, which the task does not name. It stays."
    ]
    result = machine.declare(portals=[PORTALS[0], {**PORTALS[1], "state": "absent"}])
    assert result["targets"][0]["changes"] == [
        "no session at [2001:db8::10]:3260",
        "no record of [2001:db8::10]:3260",
    ]
    assert not machine.declare(portals=[PORTALS[0], {**PORTALS[1], "state": "absent"}])["changed"]
    assert len(list(machine.sys.glob("class/iscsi_session/*"))) == 2


def test_a_disk_in_use_is_not_taken_away(machine: Machine) -> None:
    machine.declare(portals=PORTALS)
    (machine.sys / "block/dm-0/holders/dm-1").mkdir(parents=True)
    before = machine.snapshot()
    for check in (True, False):
        with pytest.raises(KvmError, match="/dev/mapper/minicloud is in use") as caught:
            machine.declare(check=check, state="absent")
        assert caught.value.error_code == "in_use"
        assert machine.snapshot() == before
    # One path of two
    gone = [PORTALS[0], {**PORTALS[1], "state": "absent"}]
    assert machine.declare(portals=gone)["changed"]
    with pytest.raises(KvmError, match="is in use"):
        machine.declare(state="absent")
    assert machine.declare(state="absent", allow_disconnect=True)["changed"]


def test_a_server_that_is_down(machine: Machine) -> None:
    down = [PORTALS[0], {"address": "192.0.2.11"}]
    before = machine.snapshot()
    with pytest.raises(KvmError) as caught:
        machine.declare(portals=down)
    assert caught.value.error_code == "no_answer"
    assert caught.value.message == (
        "Failed to log in: 192.0.2.11:3260 does not answer (No route to host). Nothing was done."
    )
    assert machine.snapshot() == before
    result = machine.declare(check=True, portals=down)
    assert result["warnings"] == ["A real run needs more: 192.0.2.11:3260 does not answer (No route to host)."]
    # One that went away later is no error: open-iscsi goes on trying.
    machine.declare(portals=PORTALS)
    machine.offered.pop()
    machine.write("class/iscsi_session/session2/state", "FAILED")
    result = machine.declare(portals=PORTALS)
    assert not result["changed"]
    assert "[2001:db8::10]:3260 does not answer (state FAILED)" in result["warnings"][0]
    assert [words[4] for words in machine.commands if "--rescan" in words][-1] == "1"


def test_what_the_server_does_not_offer(machine: Machine) -> None:
    with pytest.raises(KvmError, match=f"Failed to find the target .*: it offers this machine {IQN}"):
        machine.declare(target="iqn.2026-01.org.example:nothing", portals=PORTALS)
    for code in (24, 0):  # EL's iscsiadm ends with 0
        machine.denied = code
        with pytest.raises(KvmError) as caught:
            machine.declare(portals=PORTALS, **CHAP)
        assert caught.value.error_code == "login_denied"
        assert SECRET not in str(caught.value.as_result())


def test_a_bare_machine(machine: Machine) -> None:
    machine.installed = False
    result = machine.declare(check=True, portals=PORTALS)
    assert result["warnings"] == ["iscsiadm isn't installed here yet; a real run needs it."]
    with pytest.raises(KvmError) as caught:
        machine.declare(portals=PORTALS)
    assert caught.value.error_code == "missing_program"


def test_several_targets_and_a_disk_without_multipath(machine: Machine) -> None:
    machine.multipath = False
    result = machine.declare(
        portals=PORTALS[:1], targets=[{"target": IQN}, {"target": "iqn.2026-01.org.example:old", "state": "absent"}]
    )
    assert result["targets"][0]["disks"] == [{"path": "/dev/sda", "size": 10 * GIB}]
    assert result["targets"][1]["changes"] == []


@pytest.mark.parametrize(
    ("options", "option", "said"),
    [
        ({"target": "storage"}, "target", "an IQN is wanted"),
        ({"portals": []}, "portals", "at least one is wanted"),
        ({"portals": [{**PORTALS[0], "state": "absent"}]}, "portals", "at least one is wanted"),
        ({"portals": [{"address": "storage"}]}, "portals[0].address", "an IPv4 or IPv6 address"),
        ({"portals": [{"address": "::1", "port": 70000}]}, "portals[0].port", "1 to 65535"),
        ({"portals": [PORTALS[1], {"address": "2001:db8::10"}]}, "portals[1].address", "twice"),
        ({"settings": {"discovery.x": 1}}, "settings", "begins with node."),
        ({"settings": {"node.startup": "manual"}}, "settings", "has no option of its own"),
        ({"settings": {"node.session.auth.password": "x"}}, "settings", "has no option of its own"),
        ({"settings": {"node.session.cmds_max": ""}}, "settings.node.session.cmds_max", "one word or number"),
        ({"userid": "host1"}, "userid", "a name and a secret go together"),
        ({**CHAP, "password": "short"}, "password", "12 to 255 characters"),
    ],
)
def test_bad_values(machine: Machine, options: dict[str, t.Any], option: str, said: str) -> None:
    with pytest.raises(BadValue) as caught:
        machine.declare(**{"portals": PORTALS, **options})
    assert caught.value.facts["option"] == option
    assert said in caught.value.message
    assert machine.commands == []


def test_records_keep_what_is_not_named() -> None:
    text = RECORD.format(target=IQN, address="192.0.2.10", port=3260)
    assert write_values(text, {}) == text
    values = {"node.startup": "automatic", "node.session.auth.username": "me", "node.leading_login": ""}
    written = write_values(text, values)
    assert write_values(written, values) == written
    lines = written.splitlines()
    assert lines[-2:] == ["node.session.auth.username = me", "# END RECORD"]
    assert set(read_values(text)) - set(read_values(written)) == {"node.leading_login"}
    assert read_values("iface.ipaddress = <empty>\nnode.tpgt = 1\n") == {"node.tpgt": "1"}


def test_whether_a_portal_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        portal = Portal("127.0.0.1", server.getsockname()[1])
        assert answers(portal, 5) == ""
    assert answers(portal, 5) == "Connection refused"
