// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import HostPrograms
import KVMProbe
import TestSupport
import Testing

/// QEMU is a script here that answers for each accelerator as told.
@Suite struct KVMProbeStandInTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func verdict(
        kvm: String,
        tcg: String = "exit 7",
        device: String = "/dev/null",
        limit: Double = 30
    ) async throws
        -> KVMProbe.Verdict
    {
        let qemu = try scratch.program(
            "qemu",
            "case \"$2\" in kvm) \(kvm) ;; tcg) \(tcg) ;; *) exit 99 ;; esac"
        )
        let probe = KVMProbe(qemu: HostProgram(qemu), device: device, limit: limit)
        return try await probe.verdict(folder: scratch.path)
    }

    @Test func `a quick probe makes KVM usable`() async throws {
        #expect(try await verdict(kvm: "exit 7", tcg: "exit 1") == .usable)
    }

    @Test func `a probe that takes too long makes KVM too slow`() async throws {
        #expect(try await verdict(kvm: "exec sleep 600", limit: 0.5) == .tooSlow)
    }

    @Test func `an abort makes KVM unusable, with QEMU's words`() async throws {
        let verdict = try await verdict(kvm: "echo 'failed to set MSR 0x10a' >&2; exit 134")
        #expect(verdict == .notUsable("QEMU exited with 134: failed to set MSR 0x10a"))
    }

    @Test func `a QEMU that dies by a signal makes KVM unusable`() async throws {
        #expect(try await verdict(kvm: "kill -SEGV $$") == .notUsable("signal 11 ended QEMU"))
    }

    @Test func `a QEMU that runs no guest at all is broken`() async throws {
        #expect(try await verdict(kvm: "exit 1", tcg: "exit 1") == .brokenQEMU("QEMU exited with 1"))
    }

    @Test func `no device makes KVM unusable without QEMU`() async throws {
        let verdict = try await verdict(kvm: "exit 7", device: "/nowhere/kvm")
        #expect(verdict == .notUsable("cannot open /nowhere/kvm: No such file or directory"))
    }

    @Test func `no QEMU is told as such`() async throws {
        let probe = KVMProbe(qemu: HostProgram("/nowhere/qemu"), device: "/dev/null")
        guard case .brokenQEMU = try await probe.verdict(folder: scratch.path) else {
            Issue.record("a QEMU that is not there ran")
            return
        }
    }

    @Test func `the image is as long as a firmware, and is removed`() async throws {
        let script = "for f; do case $f in *.bin) [ $(wc -c < $f) = 65536 ] && exit 7 ;; esac; done; exit 1"
        #expect(try await verdict(kvm: script) == .usable)
        let left = try Programs.succeed("/bin/ls", [scratch.path])
        #expect(left == "qemu\n")
    }
}
