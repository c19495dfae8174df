# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options that all modules for Ceph share."""

from __future__ import annotations


class ModuleDocFragment:
    """How a module reaches the cluster."""

    DOCUMENTATION = r"""
options:
  conf:
    description: The cluster's configuration file. Without it, where C(ceph) looks, V(/etc/ceph/ceph.conf) first.
    type: path
  user:
    description: The user that the task works as, with its type.
    type: str
    default: client.admin
  keyring:
    description: The file with the user's key. Without it, where C(ceph) looks, for V(client.admin)
      V(/etc/ceph/ceph.client.admin.keyring) first.
    type: path
  timeout:
    description: Seconds to wait for a monitor to answer.
    type: int
    default: 30
notes:
  - Needs Ceph's library for Python (package python3-rados, which ceph-common brings) on the machine it runs on, and the
    user's key there. Any machine that has both will do, and one is enough.
  - Works with Ceph 16 and later, however it was installed.
"""
