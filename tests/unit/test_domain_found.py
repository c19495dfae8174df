# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Domains are asked for ahead, several in one go; one that goes meanwhile takes no other with it."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt, _libvirt_domain
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_found import _IN_ONE_GO, Ahead

XML = "<domain type='test'><name>{0}</name><memory>1024</memory><os><type>hvm</type></os></domain>"


def test_each_is_found_but_those_that_have_gone() -> None:
    names = [f"it{number}" for number in range(2 * _IN_ONE_GO + 1)]
    with _libvirt.connect("test:///default") as host:
        uuids = {name: _libvirt.uuid(_libvirt_domain.define(host, name, XML.format(name))) for name in names}
        listing = _libvirt_domain.listing(host)
        gone = names[3]
        _libvirt_domain.undefine(listing.handles[gone])
        ahead = Ahead(listing, ["test", "never", *names])
        assert ahead.take("never") is None
        assert ahead.take(gone) is None
        assert gone not in listing.handles
        for name in set(names) - {gone}:
            found = ahead.take(name)
            assert found is not None
            assert (found.uuid, found.state, found.live) == (uuids[name], "stopped", None)
        running = ahead.take("test")
        assert running is not None
        assert running.active
        assert running.live is not None
        assert ahead.take("test") is None
