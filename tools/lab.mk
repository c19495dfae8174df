# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# The lab: three bare machines on this one, for tests, for the demo and for playing. Included by the Makefile.
# Variables: LAB_SCENARIO=storage_ceph (what is below extensions/molecule), LAB_SUITE=bookworm, LAB_MIRROR=URL, LAB_IMAGE_URL=URL, LAB_IMAGE_CHECKSUM=sha512:..., MINICLOUD_CACHE=DIRECTORY.

LAB = . tools/lib.sh; tools/lab/lab.sh
export LAB_SCENARIO LAB_SUITE LAB_MIRROR LAB_IMAGE_URL LAB_IMAGE_CHECKSUM MINICLOUD_CACHE

.PHONY: demo demo-ssh demo-down lab-up lab-down lab-reset lab-ssh lab-status

demo: setup ## three bare machines in a box become a mini-cloud, and a guest moves from one to the other
	@$(LAB) demo

demo-ssh: lab-ssh ## a shell in the demo: HOST=host1, host2, storage or web1

demo-down: lab-down ## the demo's machines go

lab-up: setup ## three bare machines (Debian 13; LAB_SUITE=bookworm for 12; LAB_SCENARIO=storage_ceph for its own)
	@$(LAB) up

lab-down: setup ## the lab goes, the cached images stay
	@$(LAB) down

lab-reset: setup ## bare again, all machines or HOST=host1
	@$(LAB) reset $(HOST)

lab-ssh: ## a shell on HOST=host1, host2, storage, or on a guest
	@$(LAB) ssh $(HOST)

lab-status: ## which machines there are, and whether they answer
	@$(LAB) status
