# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Errors, and how the edge turns them into what a task shows."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish, require
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound


@pytest.fixture
def module() -> t.Iterator[AnsibleModule]:
    with patch_module_args({}):
        yield AnsibleModule(argument_spec={})


def ended(capsys: pytest.CaptureFixture[str], work: t.Callable[[], t.Any]) -> tuple[int, dict[str, t.Any]]:
    """The exit code and the result that a module which does this work ends with."""
    with pytest.raises(SystemExit) as end:
        work()
    code = end.value.code
    assert isinstance(code, int)
    result: dict[str, t.Any] = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    return code, result


def raising(error: Exception) -> t.Callable[[], t.Any]:
    def work() -> t.NoReturn:
        raise error

    return work


def test_an_error_is_its_message_its_code_and_its_remedy() -> None:
    error = KvmError("Failed to start domain web1: no KVM.", error_code="no_kvm", remedy="Load kvm_amd.", host="h1")
    assert error.as_result() == {
        "msg": "Failed to start domain web1: no KVM. Load kvm_amd.",
        "error_code": "no_kvm",
        "remedy": "Load kvm_amd.",
        "host": "h1",
    }
    assert str(error) == "Failed to start domain web1: no KVM."


def test_without_a_remedy_there_is_no_key_for_it() -> None:
    assert KvmError("It failed.").as_result() == {"msg": "It failed.", "error_code": "failed"}


@pytest.mark.parametrize(("kind", "code"), [(KvmError, "failed"), (NotFound, "not_found")])
def test_each_kind_has_a_stable_code(kind: type[KvmError], code: str) -> None:
    assert kind("x").as_result()["error_code"] == code
    assert kind("x", error_code="other").as_result()["error_code"] == "other"
    assert kind.error_code == code


def test_a_bad_value_names_option_value_and_what_is_allowed() -> None:
    result = BadValue("vcpus", 0, "at least 1 is wanted").as_result()
    assert result == {
        "msg": "vcpus: 0 is not valid: at least 1 is wanted.",
        "error_code": "bad_value",
        "option": "vcpus",
    }


def test_the_edge_ends_with_the_work_s_result(module: AnsibleModule, capsys: pytest.CaptureFixture[str]) -> None:
    code, result = ended(capsys, lambda: finish(module, lambda: {"changed": True, "networks": [{"name": "lab"}]}))
    assert code == 0
    assert result["changed"] is True
    assert result["networks"] == [{"name": "lab"}]


def test_the_edge_hands_warnings_to_ansible(
    module: AnsibleModule, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # In a process that has imported the controller's code too, as this one has, Ansible shows a warning itself.
    warned: list[str] = []
    monkeypatch.setattr(module, "warn", warned.append)
    code, _result = ended(capsys, lambda: finish(module, lambda: {"changed": False, "warnings": ["mind the gap"]}))
    assert code == 0
    assert warned == ["mind the gap"]


def test_the_edge_fails_with_the_error_s_facts(module: AnsibleModule, capsys: pytest.CaptureFixture[str]) -> None:
    code, result = ended(
        capsys, lambda: finish(module, raising(NotFound("No pool images.", remedy="Declare it.", pool="images")))
    )
    assert code == 1
    assert result["failed"] is True
    assert result["msg"] == "No pool images. Declare it."
    assert (result["error_code"], result["pool"]) == ("not_found", "images")
    assert "exception" not in result or not result["exception"]


def test_a_fault_of_ours_is_not_swallowed(module: AnsibleModule) -> None:
    with pytest.raises(ZeroDivisionError):
        finish(module, raising(ZeroDivisionError()))


def test_a_missing_library_is_named_with_its_package(module: AnsibleModule, capsys: pytest.CaptureFixture[str]) -> None:
    code, result = ended(capsys, lambda: require(module, "libvirt", "Traceback ...", "python3-libvirt"))
    assert code == 1
    assert "libvirt" in result["msg"]
    assert "python3-libvirt" in result["msg"]
    assert result["error_code"] == "missing_library"


def test_a_library_that_is_there_is_no_matter(module: AnsibleModule, capsys: pytest.CaptureFixture[str]) -> None:
    require(module, "libvirt", None, "python3-libvirt")
    assert capsys.readouterr().out == ""
