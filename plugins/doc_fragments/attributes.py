# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of what every module promises."""

from __future__ import annotations


class ModuleDocFragment:
    """The attributes block; a module says its own support level."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Runs the whole of the plan and changes nothing; what it reports is what a real run would do.
  diff_mode:
    description: Returns what differs, before and after, in the words of the options.
  idempotent:
    description: A second run with the same options changes nothing and says so.
  platform:
    description: The operating systems a target machine may run.
    support: full
    platforms: posix
"""

    # Modules that read and never write. Complete in itself: without the fragment above.
    READS = r"""
options: {}
attributes:
  check_mode:
    description: Runs the whole of the plan and changes nothing; what it reports is what a real run would do.
    support: full
    details: Nothing is ever changed.
  diff_mode:
    description: Returns what differs, before and after, in the words of the options.
    support: none
    details: There is nothing to differ.
  idempotent:
    description: A second run with the same options changes nothing and says so.
    support: full
    details: Nothing is ever changed.
  platform:
    description: The operating systems a target machine may run.
    support: full
    platforms: posix
"""
