# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# Every target does its own set-up. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

STEPS := lint sanity docs unit integration artifact bench

.PHONY: help setup test test-all test-quick test-lint test-sanity test-docs test-unit test-integration test-faults test-artifact \
	test-lab test-empty-root test-corpus test-redhat-roles bench build clean

help: ## this list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

setup: ## system packages, .venv, libvirtd: all that the other targets need
	@tools/setup.sh

test: setup ## every test; of the lab's storage scenarios one, in turn (SCENARIO=storage_ceph: that one)
	@tools/test.sh $(STEPS) faults lab

test-all: setup ## every test, with all scenarios of the lab (hours)
	@SCENARIO=all tools/test.sh $(STEPS) faults lab

test-quick: setup ## every test but the faults and the lab of three machines
	@tools/test.sh $(STEPS)

test-lint: setup ## ruff, mypy, ansible-lint, shellcheck, changelog
	@tools/test.sh lint

test-sanity: setup ## ansible-test sanity
	@tools/test.sh sanity

test-docs: setup ## ansible-doc of every module, role and playbook's syntax
	@tools/test.sh docs

test-unit: setup ## pure logic and libvirt's test driver
	@tools/test.sh unit

test-integration: setup ## real objects on this machine's libvirtd
	@tools/test.sh integration

test-faults: setup ## killed, restarted, full at each of its steps
	@tools/test.sh faults

test-artifact: setup ## build the collection, install it elsewhere, read its documentation from there
	@tools/test.sh artifact

test-lab: setup ## three bare machines become a mini-cloud (molecule scenario minicloud; SCENARIO=storage_ceph: that one)
	@SCENARIO="$${SCENARIO:-minicloud}" tools/test.sh lab

test-empty-root: setup ## make test-quick of HEAD in an empty Debian (SUITE=bookworm or trixie; needs root)
	@tools/empty_root_test.sh $(or $(SUITE),trixie)

test-corpus: setup ## the documents of libvirt's own tests as raw declarations (needs root)
	@. tools/lib.sh; tools/corpus.sh

test-redhat-roles: setup ## the roles on a stand-in for Fedora (needs root)
	@tools/redhat_roles_test.sh

bench: setup ## many objects in one call against libvirt's own calls and an empty play; writes docs/benchmarks.md
	@BENCH="--write docs/benchmarks.md" tools/test.sh bench

build: setup ## the collection's artifact in .build/
	@. tools/lib.sh; mkdir -p .build; ansible-galaxy collection build --force --output-path .build

clean: ## remove what was built (not .venv, not the lab)
	rm -rf .build/ansible_collections .build/artifact .build/*.tar.gz .cache/mypy .cache/pytest .cache/pycache

-include tools/lab.mk
