# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_secret on this machine's own libvirtd."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

Args = t.Dict[str, t.Any]
MODULE = "libvirt_secret"
# A word that occurs nowhere else.
VALUE = "Wolpertinger-4711"
LOGS = [Path("/var/log/libvirt/libvirtd.log"), Path("/var/log/syslog")]


@pytest.fixture
def uuid_of(virsh: t.Any) -> t.Callable[[str], str]:
    def run(name: str) -> str:
        return next(line.split()[0] for line in virsh("secret-list").splitlines() if line.split()[-1] == name)

    return run


@pytest.fixture
def look(virsh: t.Any, scratch: str) -> t.Callable[[], str]:
    """All that there is of this test's secrets: the definitions, and the values that can be read."""

    def run() -> str:
        uuids = [line.split()[0] for line in virsh("secret-list").splitlines() if scratch in line]
        return "\n".join(
            virsh("secret-dumpxml", uuid) + virsh("secret-get-value", uuid, check=False) for uuid in sorted(uuids)
        )

    return run


def fields(result: Args) -> list[str]:
    return [change["field"] for secret in result["secrets"] for change in secret["changes"]]


def value_of(virsh: t.Any, uuid: str) -> str:
    return base64.b64decode(virsh("secret-get-value", uuid)).decode()


def test_from_nothing_through_drift_to_nothing(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, uuid_of: t.Any
) -> None:
    args = {"usage": "ceph", "name": scratch, "description": "Key", "value": VALUE}
    done = converge(MODULE, args, look)
    assert fields(done) == ["state", "usage", "name", "description", "value"]
    uuid = done["secret"]["uuid"]
    assert uuid == uuid_of(scratch)
    assert value_of(virsh, uuid) == VALUE

    virsh("secret-set-value", uuid, "--base64", base64.b64encode(b"by hand").decode())
    told = run_module(MODULE, args, check=True)
    assert told["secret"]["changes"] == [{"field": "value", "before": "another one", "after": "********"}]
    assert value_of(virsh, uuid) == "by hand"
    assert not run_module(MODULE, {**args, "update_value": "on_create"})["changed"]
    converge(MODULE, args, look)
    assert value_of(virsh, uuid) == VALUE

    # What an existing one is made of changes around its value.
    for change in ({"description": "Another"}, {"ephemeral": True}, {"ephemeral": False}, {"description": ""}):
        done = converge(MODULE, {"usage": "ceph", "name": scratch, **change}, look)
        assert fields(done) == list(change)
        assert done["secret"]["uuid"] == uuid
        assert value_of(virsh, uuid) == VALUE

    done = converge(MODULE, {"usage": "ceph", "name": scratch, "state": "absent"}, look)
    assert done["diff"] == {
        "before": {f"secret ceph {scratch}": {"state": "present"}},
        "after": {f"secret ceph {scratch}": {"state": "absent"}},
    }
    assert scratch not in virsh("secret-list")


def test_a_secret_without_a_value_gets_it_later(
    converge: t.Any, virsh: t.Any, look: t.Any, scratch: str, uuid_of: t.Any
) -> None:
    converge(MODULE, {"usage": "tls", "name": scratch}, look)
    args = {"usage": "tls", "name": scratch, "value_base64": "AP8=\n", "update_value": "on_create"}
    done = converge(MODULE, args, look)
    assert done["secret"]["changes"] == [{"field": "value", "before": "none yet", "after": "********"}]
    assert virsh("secret-get-value", uuid_of(scratch)).strip() == "AP8="


def test_the_value_of_a_private_secret_is_set_every_time_or_once(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, uuid_of: t.Any
) -> None:
    args = {"usage": "volume", "name": f"/{scratch}/disk", "private": True, "value": VALUE}
    assert run_module(MODULE, args)["changed"]
    kept = Path(f"/etc/libvirt/secrets/{uuid_of(args['name'])}.base64")
    assert base64.b64decode(kept.read_text()).decode() == VALUE
    for check in (True, False):
        again = run_module(MODULE, args, check=check)
        assert again["secret"]["changes"] == [
            {"field": "value", "before": "not known: it is private", "after": "********"}
        ]
    converge(MODULE, {**args, "update_value": "on_create"}, look)
    failed = run_module(MODULE, {**args, "private": False}, expect="failed")
    assert failed["error_code"] == "private"
    assert base64.b64decode(kept.read_text()).decode() == VALUE
    converge(MODULE, {**args, "state": "absent"}, look)
    assert not kept.exists()

    done = converge(MODULE, {**args, "update_value": "on_create"}, look)
    uuid = done["secret"]["uuid"]
    assert uuid == uuid_of(args["name"])
    assert base64.b64decode(Path(f"/etc/libvirt/secrets/{uuid}.base64").read_text()).decode() == VALUE
    assert "private" in virsh("secret-dumpxml", uuid)


def test_what_was_cut_off_before_it_had_its_value_gets_it(
    converge: t.Any, virsh: t.Any, look: t.Any, scratch: str, uuid_of: t.Any, tmp_path: Path
) -> None:
    """As the module leaves a secret where it is killed: a private one that is set once becomes private at the end."""
    path = tmp_path / "secret.xml"
    path.write_text(f"<secret private='no'><usage type='tls'><name>{scratch}</name></usage></secret>")
    virsh("secret-define", str(path))
    args = {"usage": "tls", "name": scratch, "private": True, "value": VALUE, "update_value": "on_create"}
    assert fields(converge(MODULE, args, look)) == ["private", "value"]
    kept = Path(f"/etc/libvirt/secrets/{uuid_of(scratch)}.base64")
    assert base64.b64decode(kept.read_text()).decode() == VALUE


def test_by_its_uuid_alone(converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str) -> None:
    uuid = "0c7c1a3e-7e0c-4f0a-8b5e-" + scratch.rpartition("-")[2].rjust(12, "0")
    try:
        done = converge(MODULE, {"uuid": uuid.upper(), "description": scratch, "value": VALUE}, look)
        assert done["secret"]["name"] == uuid
        assert done["secret"]["usage"] is None
        assert "<usage" not in virsh("secret-dumpxml", uuid)
        document = f"<secret><uuid>{uuid}</uuid><usage type='none'/></secret>"
        assert not run_module(MODULE, {"xml": document})["changed"]
        done = converge(MODULE, {"secrets": [{"uuid": uuid, "state": "absent"}]}, look)
        assert fields(done) == ["state"]
    finally:
        virsh("secret-undefine", uuid, check=False)
    run_module(MODULE, {"usage": "iscsi", "name": scratch, "uuid": uuid})
    assert fields(run_module(MODULE, {"uuid": uuid, "description": "Found"})) == ["description"]
    twice = [{"usage": "iscsi", "name": scratch}, {"uuid": uuid}]
    failed = run_module(MODULE, {"secrets": twice}, expect="failed")
    assert "declared twice" in failed["msg"]


def test_a_uuid_is_of_one_usage(run_module: t.Any, look: t.Any, scratch: str, uuid_of: t.Any) -> None:
    run_module(MODULE, {"usage": "ceph", "name": scratch + "-a"})
    run_module(MODULE, {"usage": "ceph", "name": scratch + "-b"})
    before = look()
    uuid = uuid_of(scratch + "-a")
    for name in ("-b", "-c"):
        failed = run_module(MODULE, {"usage": "ceph", "name": scratch + name, "uuid": uuid}, expect="failed")
        assert failed["error_code"] == "wrong_uuid"
        assert uuid in failed["msg"]
    failed = run_module(MODULE, {"usage": "tls", "name": scratch + "-a", "uuid": uuid}, expect="failed")
    assert failed["error_code"] == "wrong_uuid"
    assert look() == before


def test_xml(converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, uuid_of: t.Any) -> None:
    document = f"""
        <secret private='no'>
          <usage type='iscsi'><target>{scratch}</target></usage><description>Raw</description>
        </secret>"""
    done = converge(MODULE, {"xml": document, "value": VALUE}, look)
    assert done["secret"]["name"] == scratch
    converge(MODULE, {"usage": "iscsi", "name": scratch, "xml": "<description>Fragment</description>"}, look)
    told = run_module(MODULE, {"xml": document}, check=True)
    assert told["secret"]["changes"] == [{"field": "xml/description", "before": "Fragment", "after": "Raw"}]
    converge(MODULE, {"xml": document, "description": "Typed wins"}, look)
    assert value_of(virsh, uuid_of(scratch)) == VALUE
    failed = run_module(MODULE, {"xml": document, "name": "other"}, expect="failed")
    assert failed["error_code"] == "bad_value"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"name": "x"}, "usage"),
        ({"usage": "ceph", "uuid": "0c7c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69"}, "name: None is not valid: usage ceph"),
        ({"usage": "volume", "name": "relative"}, "absolute path"),
        ({"usage": "ceph", "name": " x"}, "no space at its ends"),
        ({"usage": "ceph", "name": "x", "value": ""}, "can't be empty"),
        ({"usage": "ceph", "name": "x", "value_base64": "====" + VALUE}, "base64 of at least one byte"),
        ({"usage": "ceph", "name": "x", "value_base64": "YQ==", "value": VALUE}, "one of the two"),
        ({"uuid": "no-uuid"}, "a UUID is wanted"),
        ({"xml": "<secret/>"}, "a name or a uuid is wanted"),
        ({"xml": "<secret><usage type='new'><name>x</name></usage></secret>"}, "a name or a uuid is wanted"),
        ({"usage": "ceph", "name": "x", "xml": "<domain/>"}, "<secret> or elements of it are wanted"),
        ({"secrets": [{"usage": "ceph", "name": "x"}, {"usage": "ceph", "name": "x"}]}, "declared twice"),
    ],
)
def test_bad_input_is_refused_before_anything_is_done(
    run_module: t.Any, virsh: t.Any, args: Args, words: str, libvirt_uri: str
) -> None:
    def listed() -> list[str]:
        """Without those that other tests make and remove meanwhile."""
        return [line for line in virsh("secret-list").splitlines() if "mct-" not in line]

    before = listed()
    failed = run_module(MODULE, args, expect="failed")
    assert words in failed["msg"]
    assert VALUE not in json.dumps(failed)
    assert listed() == before


def test_a_value_is_nowhere_but_in_libvirt(run_module: t.Any, scratch: str, tmp_path: Path, libvirt_uri: str) -> None:
    """Not in any result with -vvv, and in no log, be it of one secret or of several, applied, checked or failed."""
    odd = VALUE + "\"'\\\n\u00e4"  # Python and JSON write all of these differently
    encoded = base64.b64encode(VALUE.encode()).decode()
    one = {"usage": "ceph", "name": scratch}
    before = {log: log.stat().st_size for log in LOGS if log.exists()}
    tasks = [
        {**one, "value": VALUE},
        {**one, "value_base64": encoded},
        {**one, "value": odd},
        {"secrets": [{**one, "value": odd}, {"usage": "tls", "name": scratch, "value_base64": encoded}]},
        {"secrets": [{**one, "value": odd, "uuid": "0c7c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69"}]},
        {**one, "value": VALUE, "state": "nonsense"},
        {**one, "value": odd, "nonsense": True},
        {"secrets": [{**one, "value": odd, "nonsense": True}]},
    ]
    play = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
            "tasks": [{"minicloud.kvm." + MODULE: args, "ignore_errors": True} for args in tasks],
        }
    ]
    path = tmp_path / "play.json"
    path.write_text(json.dumps(play))
    # What the module gives to syslog, which is not there on every machine.
    syslog = tmp_path / "syslog"
    (tmp_path / "sitecustomize.py").write_text(
        f"import syslog\nsyslog.syslog = lambda *words: print(*words, file=open({str(syslog)!r}, 'a'))\n"
    )
    environment = {"ANSIBLE_LOG_PATH": str(tmp_path / "log"), "ANSIBLE_NOCOLOR": "1", "PYTHONPATH": str(tmp_path)}
    for more in (["--check"], []):
        done = subprocess.run(
            [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-vvv", "--diff", *more, path],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={**os.environ, **environment},
        )
        told = done.stdout + done.stderr + (tmp_path / "log").read_text()
        assert f"ok={len(tasks)}" in told, told
        logged = syslog.read_text()
        assert f"Invoked for secrets: {scratch}, {scratch}" in logged
        for secret in (VALUE, encoded):
            assert secret not in told, told
            assert secret not in logged, logged
    for log, size in before.items():
        with log.open("rb") as handle:
            handle.seek(size)
            assert VALUE.encode() not in handle.read()
