# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The seed's documents: data in, cloud-init's text out; what a diff may show."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml
from ansible_collections.minicloud.kvm.plugins.module_utils import _seed_text
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from hypothesis import given
from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(texts, values, max_size=4))
def test_json_is_read_as_the_same_yaml(data: dict[str, t.Any]) -> None:
    text = _seed_text.user_data("user_data", data)
    assert text.startswith("#cloud-config\n")
    assert yaml.safe_load(text) == data


def test_order_of_keys_does_not_matter() -> None:
    assert _seed_text.user_data("u", {"a": 1, "b": {"d": 1, "c": 2}}) == _seed_text.user_data(
        "u", {"b": {"c": 2, "d": 1}, "a": 1}
    )


@pytest.mark.parametrize(
    "text",
    [
        "#cloud-config\nhostname: x\n",
        "#cloud-config\n",
        "\n#cloud-config\nhostname: x\n",
        "#Cloud-Config\nhostname: x\n",
        "#!/bin/sh\n{ not: [yaml\n",
        "#include\nhttps://example.org/x\n",
        "#include-once\nhttps://example.org/x\n",
        "#cloud-boothook\n#!/bin/sh\n",
        "#part-handler\n",
        "#cloud-config-archive\n- {type: text/cloud-config, content: ''}\n",
        "#cloud-config-jsonp\n[]\n",
        "## template: jinja\n#cloud-config\nhostname: {{ v1.local_hostname }}\n",
        "Content-Type: multipart/mixed; boundary=x\n",
        "MIME-Version: 1.0\n",
    ],
)
def test_texts_that_cloud_init_knows_stay_as_they_are(text: str) -> None:
    assert _seed_text.user_data("user_data", text) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("hostname: x\n", "begins with none of #cloud-config"),
        ("# cloud-config\nhostname: x\n", "begins with none of"),
        ("", "begins with none of"),
        ("#cloud-config\nusers: [a\nhostname: hunter2", "broken in line 3, column 9"),
        ("#cloud-config\n- a\n", "has to be a mapping and is a list"),
        ("#cloud-config-archive\na: b\n", "has to be a list and is a dict"),
        (["a"], "a mapping or a text is wanted, not list"),
        (3, "a mapping or a text is wanted, not int"),
        ({"a": float("nan")}, "can't be written as YAML"),
        ({"a": "\ud800"}, "can't be written as YAML"),
        ("#!/bin/sh\n\0", "NUL"),
    ],
)
def test_broken_user_data(value: object, said: str) -> None:
    with pytest.raises(KvmError) as caught:
        _seed_text.user_data("user_data", value)
    assert said in caught.value.message
    assert caught.value.message.startswith("user_data is not valid: ")
    assert caught.value.error_code == "bad_value"
    assert "hunter2" not in caught.value.message


def test_meta_data() -> None:
    assert json.loads(_seed_text.meta_data("m", {"local-hostname": "a"}, "id")) == {
        "instance-id": "id",
        "local-hostname": "a",
    }
    assert json.loads(_seed_text.meta_data("m", {"instance-id": "own"}, "id")) == {"instance-id": "own"}
    assert _seed_text.meta_data("m", "instance-id: x", "id") == "instance-id: x\n"
    for value, said in (("local-hostname: x", "no instance-id"), ("a: [", "broken"), ("x", "mapping"), (7, "not int")):
        with pytest.raises(KvmError, match=said):
            _seed_text.meta_data("m", value, "id")


def test_network_config() -> None:
    plain = _seed_text.network_config("n", {"version": 2, "ethernets": {}})
    assert json.loads(plain) == {"version": 2, "ethernets": {}}
    assert _seed_text.network_config("n", {"network": {"version": "2", "ethernets": {}}}) == plain
    assert json.loads(_seed_text.network_config("n", {"config": "disabled"})) == {"config": "disabled"}
    assert _seed_text.network_config("n", "version: 1\nconfig: []\n") == "version: 1\nconfig: []\n"
    for value, said in (
        ({"ethernets": {}}, "version: 1"),
        ({"version": 3}, "version: 1"),
        ("ethernets: {}", "version: 1"),
        ("version: [", "broken"),
    ):
        with pytest.raises(KvmError, match=said):
            _seed_text.network_config("n", value)


def test_difference_names_keys_and_hides_values() -> None:
    before = _seed_text.user_data("u", {"users": ["secret1"], "packages": ["vim"], "hostname": "h", "gone": "secret2"})
    after = _seed_text.user_data("u", {"users": ["secret3"], "packages": ["nano"], "hostname": "h", "new": "secret4"})
    sides = _seed_text.difference("user-data", before, after)
    assert sides == (
        {"gone": "(hidden)", "packages": ["vim"], "users": "(hidden)"},
        {"new": "(hidden)", "packages": ["nano"], "users": "(hidden, differs)"},
    )
    assert _seed_text.difference("user-data", None, after)[0] is None


def test_difference_of_text() -> None:
    script = _seed_text.difference("user-data", "#!/bin/sh\necho secret\n", "#!/bin/sh\necho other\n")
    assert script == ({"text": "(hidden)"}, {"text": "(hidden, differs)"})
    comment = _seed_text.difference("user-data", "#cloud-config\n# a\nb: 1\n", "#cloud-config\nb: 1\n")
    assert comment == ({"text": "(hidden)"}, {"text": "(hidden, differs)"})


def test_difference_of_network_config_shows_all_but_passwords() -> None:
    def config(password: str, dhcp: bool) -> str:
        return _seed_text.network_config(
            "n", {"version": 2, "wifis": {"w": {"dhcp4": dhcp, "access-points": [{"password": password}]}}}
        )

    shown = ({"wifis": {"w": {"dhcp4": False, "access-points": [{"password": "(hidden)"}]}}},)
    assert _seed_text.difference("network-config", config("a", False), config("b", True))[:1] == shown
    assert _seed_text.difference("network-config", config("a", True), config("b", True))[1] == {
        "wifis": "(hidden, differs)"
    }
