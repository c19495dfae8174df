# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An interface that is moved to another network says of itself only what is its own."""

from __future__ import annotations

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _network_guests, _xml

NETWORK = """
<network>
  <port isolated='yes'/>
  <portgroup name='fast'><bandwidth><inbound average='1000'/></bandwidth></portgroup>
  <portgroup name='slow' default='yes'><bandwidth><inbound average='10'/></bandwidth></portgroup>
</network>
"""
LIVE = """
<interface type='bridge'>
  <mac address='52:54:00:00:00:01'/>
  <source network='lab'{0} portid='a8fa4804-96d8-4025-91b1-21108b54ca6d' bridge='virbr7'/>
  <bandwidth><inbound average='{1}'/></bandwidth>
  <port isolated='yes'/>
  <target dev='vnet0'/>
</interface>
"""


@pytest.mark.parametrize(
    ("group", "average", "kept"),
    [("", 10, False), ("", 1000, True), (" portgroup='fast'", 1000, False), (" portgroup='fast'", 10, True)],
)
def test_what_comes_from_the_network_is_left_out(group: str, average: int, kept: bool) -> None:
    interface = _xml.parse(LIVE.format(group, average), "it")
    before = _xml.canonical(interface)
    there = _network_guests.moved(interface, "other", _xml.parse(NETWORK, "it"))
    own = f"<bandwidth><inbound average='{average}'/></bandwidth>" if kept else ""
    shall = f"""
      <interface type='network'><mac address='52:54:00:00:00:01'/><source network='other'{group}/>{own}
      <target dev='vnet0'/></interface>"""
    assert _xml.canonical(there) == _xml.canonical(_xml.parse(shall, "it"))
    assert _xml.canonical(interface) == before
