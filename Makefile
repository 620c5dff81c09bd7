# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

# The one door. `make help` lists what it opens.

SHELL := /bin/bash
DIST := .build-dist
EMBEDDED := .build-embedded
PLUGINS := contrail-cni contrail-k8s-cni tap-bridge
PREFIX ?= /usr/local
CNI_BIN ?= /opt/cni/bin

.DEFAULT_GOAL := help
.PHONY: help setup build build-embedded build-ordinary build-tests demo test test-pure test-stand-in test-namespace test-guest test-node fuzz fuzz-planted test-long check format \
	bench load install sbom clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install packages of Debian and PyPI and make the guest image (as root; kept for the next run)
	@tools/setup

# With -j2 both at once: the compilers of one alone leave a processor idle half of the time.
build: build-embedded build-ordinary ## compile the programs into .build-dist
	@mkdir -p $(DIST)/bin $(DIST)/cni
	@install -m 0755 $(EMBEDDED)/release/contrail-vm-plugins $(DIST)/cni/
	@for name in $(PLUGINS); do ln -sf contrail-vm-plugins $(DIST)/cni/$$name; done
	@install -m 0755 $(EMBEDDED)/release/vmwrapper $(EMBEDDED)/release/port-sync .build/release/vrouter-sim .build/release/vmctl $(DIST)/bin/
	@install -s -m 0755 .build/release/vm-runtime $(DIST)/bin/

build-embedded:
	swift build -c release --traits Embedded --scratch-path $(EMBEDDED) --product contrail-vm-plugins
	swift build -c release --traits Embedded --scratch-path $(EMBEDDED) --product vmwrapper
	swift build -c release --traits Embedded --scratch-path $(EMBEDDED) --product port-sync

build-ordinary:
	swift build -c release --static-swift-stdlib --product vrouter-sim
	swift build -c release --static-swift-stdlib --product vmctl
	swift build -c release --static-swift-stdlib --product vm-runtime

build-tests:
	@tools/test-tier

demo: setup build ## a container and two VMs on one network, with pings in all directions (as root, under 3 minutes)
	@tools/demo

test: setup build ## all tiers
	@tools/test-tier pure stand-in namespace ordinary guest node

test-pure: ## tests that need nothing
	@tools/test-tier pure

test-stand-in: build ## tests against stand-ins on the loopback
	@tools/test-tier stand-in

test-namespace: build ## tests against the real kernel, in network namespaces of their own (as root)
	@tools/test-tier namespace

test-guest: setup build ## tests that boot real guests under a private libvirtd (as root)
	@tools/test-tier guest

test-node: setup build ## a stock Debian node with systemd, AppArmor and libvirt as packaged, with restarts and a reboot, in a virtual machine (as root)
	@Tests/VMRuntimeTests/stock

fuzz: ## fuzz the parsers that meet bytes from outside; FUZZ_SECONDS=60 a parser
	@tools/fuzz

fuzz-planted: ## show that the fuzzer finds the bugs that are planted in a copy
	@tools/fuzz-planted

test-long: setup build ## what takes too long for the gate: all faults at all points, floods, nested guests (as root; hours)
	@tools/test-long

check: ## format, imports between rooms, headers, budgets
	@tools/check

format: ## format all Swift sources
	@swift format format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

load: build ## 250 pods at once, and ADD beside 4096 ports (as root)
	@tools/load

bench: setup build ## ADD and DEL beside the limit program and Debian's plugins; calls and VM pods beside containerd (as root)
	@tools/bench
	@tools/load
	@SCALE_BURST=100 SCALE_PODS=250 Tests/VMRuntimeTests/node bench begins full

install: build ## install programs below PREFIX, plugins into CNI_BIN, and what libvirt must be told; DESTDIR is honoured
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/contrail-vm $(DESTDIR)$(CNI_BIN)
	install -m 0755 $(DIST)/bin/vmctl $(DIST)/bin/vrouter-sim $(DIST)/bin/port-sync $(DIST)/bin/vm-runtime $(DESTDIR)$(PREFIX)/bin/
	install -m 0755 $(DIST)/bin/vmwrapper conf/prepare-node $(DESTDIR)$(PREFIX)/libexec/contrail-vm/
	install -m 0755 $(DIST)/cni/contrail-vm-plugins $(DESTDIR)$(CNI_BIN)/
	for name in $(PLUGINS); do ln -sf contrail-vm-plugins $(DESTDIR)$(CNI_BIN)/$$name; done
	for file in port-sync.service vm-runtime.service libvirtd.service.d/contrail-vm.conf; do \
	    install -D -m 0644 conf/systemd/$$file $(DESTDIR)$(PREFIX)/lib/systemd/system/$$file; done
	install -D -m 0644 conf/tmpfiles.d/contrail-vm.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/contrail-vm.conf
	install -d $(DESTDIR)/etc/apparmor.d/abstractions
	install -m 0644 conf/apparmor.d/contrail-vm conf/apparmor.d/contrail-vm-libvirtd $(DESTDIR)/etc/apparmor.d/abstractions/
	sed -i 's,/usr/local/,$(PREFIX)/,g' $(DESTDIR)$(PREFIX)/lib/systemd/system/{port-sync.service,vm-runtime.service} \
	    $(DESTDIR)$(PREFIX)/lib/systemd/system/libvirtd.service.d/contrail-vm.conf \
	    $(DESTDIR)$(PREFIX)/libexec/contrail-vm/prepare-node $(DESTDIR)/etc/apparmor.d/abstractions/contrail-vm{,-libvirtd}
	install -d $(DESTDIR)$(PREFIX)/share/doc/contrail-vm
	cp -r README.md docs conf $(DESTDIR)$(PREFIX)/share/doc/contrail-vm/
	@# In another root it is for those who start from that.
	$(if $(DESTDIR),,$(PREFIX)/libexec/contrail-vm/prepare-node)

sbom: build ## list what each program is linked from (CycloneDX), and warn where that is not what tools/linked says
	@tools/sbom

clean: ## remove all that was built here
	rm -rf .build .build-* Benchmarks/.build
