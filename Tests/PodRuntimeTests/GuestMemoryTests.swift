// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods
import TestSupport
import Testing

@testable import PodRuntime

@Suite struct GuestMemoryTests {
    private let gibibyte: Int64 = 1 << 30
    private let kvm = EmulatorNeeds(accelerator: .kvm)
    private let tcg = EmulatorNeeds(accelerator: .tcg)

    private func memory(
        limit: Int64 = 0,
        score: Int64 = 0,
        unified: [String: String] = [:],
        overhead: Int64 = 0,
        vcpus: Int = 1,
        needs: EmulatorNeeds? = nil,
        node: Int64 = 16 << 30
    ) throws -> GuestMemory {
        var (resources, ofClass) = (LinuxResources(), LinuxResources())
        resources.memoryLimit = limit
        resources.oomScoreAdjustment = score
        resources.unified = unified
        ofClass.memoryLimit = overhead
        return try GuestMemory(
            resources,
            overhead: overhead > 0 ? ofClass : nil,
            vcpus: vcpus,
            needs: needs ?? kvm,
            nodeBytes: node
        )
    }

    @Test(.rule("MEMORY"), arguments: [160, 192, 256, 400, 1024, 4096, 1 << 20], [1, 4, 32])
    func `guest and QEMU fill the limit, and not a MiB more`(limit: Int, vcpus: Int) throws {
        for needs in [kvm, tcg] where limit > needs.overheadMiB(guestMiB: 64, vcpus: vcpus) + 64 {
            let found = try memory(limit: Int64(limit) << 20, vcpus: vcpus, needs: needs)
            #expect(found.source == .limit && found.mib >= 64)
            #expect(found.emulatorMiB == needs.overheadMiB(guestMiB: found.mib, vcpus: vcpus))
            #expect(found.mib + found.emulatorMiB <= limit)
            #expect(found.mib + 1 + needs.overheadMiB(guestMiB: found.mib + 1, vcpus: vcpus) > limit)
        }
    }

    @Test(.rule("MEMORY")) func `a pod of 160 MiB has a guest, with either accelerator`() throws {
        #expect(try memory(limit: 160 << 20).mib >= 88)
        #expect(try memory(limit: 160 << 20, needs: tcg).mib >= 64)
    }

    @Test(.rule("MEMORY"))
    func `the translator's buffer grows with the guest, within bounds, and with vCPUs`() {
        let sizes = [64, 512, 1 << 20].map { tcg.translationCacheMiB(guestMiB: $0, vcpus: 1) }
        #expect(sizes == [16, 64, 128])
        #expect(tcg.translationCacheMiB(guestMiB: 512, vcpus: 64) == 256)
        #expect(kvm.translationCacheMiB(guestMiB: 512, vcpus: 1) == nil)
        #expect(
            tcg.overheadMiB(guestMiB: 512, vcpus: 1) >= kvm.overheadMiB(guestMiB: 512, vcpus: 1) + 64
        )
    }

    @Test(.rule("MEMORY")) func `what is too little is refused, with how much it takes`() throws {
        for needs in [kvm, tcg] {
            let least = needs.overheadMiB(guestMiB: 64, vcpus: 1) + 64
            let error = #expect(throws: PodServiceError.self) {
                try memory(limit: Int64(least - 1) << 20, needs: needs)
            }
            #expect(error?.kind == .invalidArgument)
            #expect(error?.message.contains("resources.limits.memory to \(least)Mi") == true)
            #expect(try memory(limit: Int64(least) << 20, needs: needs).mib == 64)
        }
        #expect(throws: PodServiceError.self) { try memory(limit: 1) }
        #expect(throws: PodServiceError.self) { try memory(limit: 1 << 30, vcpus: 255) }
    }

    @Test(.rule("MEMORY")) func `an overhead of the RuntimeClass pays for QEMU, as far as it goes`() throws {
        #expect(try memory(limit: 512 << 20, overhead: 512 << 20).mib == 512)
        let less = try memory(limit: 512 << 20, overhead: 10 << 20)
        #expect(less.mib < 512 && less.mib + less.emulatorMiB == 522)
    }

    @Test(.rule("MEMORY")) func `what the operator says counts instead of what is computed`() throws {
        let needs = EmulatorNeeds(accelerator: .tcg, fixedMiB: 200)
        #expect(try memory(limit: 512 << 20, needs: needs).mib == 312)
    }

    @Test(.rule("MEMORY"))
    func `without a limit the request counts, and without either it is what Virtlet gave`() throws {
        let exact = try memory(unified: ["memory.min": String(gibibyte), "memory.oom.group": "1"])
        #expect(exact.source == .request && exact.mib + exact.emulatorMiB == 1024)
        #expect(try memory(unified: ["memory.low": String(gibibyte)]) == exact)
        #expect(exact.description.contains("request"))
        // kubelet: 1000 - 1000 * 2 GiB / 16 GiB.
        let told = try memory(score: 875)
        #expect(told.source == .request && told.mib + told.emulatorMiB == 2048)
        for (score, unified) in [(1000, [:]), (999, [:]), (0, [:]), (-997, [:]), (0, ["memory.min": "0"])] {
            let none = try memory(score: Int64(score), unified: unified)
            #expect(none.source == .none && none.mib == 1024 && none.description.contains("neither"))
        }
        // A limit decides, whatever else is told.
        #expect(try memory(limit: gibibyte, score: 100).source == .limit)
    }

    /// kubelet's own arithmetic, in qos/policy.go.
    @Test(
        .rule("MEMORY"),
        arguments: [100 << 20, 1 << 30, 5_000_000_000, 60 << 30] as [Int64],
        [4 << 30, 64 << 30, 270_000_000_001]
    )
    func `a request is found again in what kubelet makes of it`(request: Int64, node: Int64) throws {
        guard request < node else { return }
        var resources = LinuxResources()
        resources.oomScoreAdjustment = min(999, max(3, 1000 - 1000 * request / node))
        guard resources.oomScoreAdjustment < 999 else {
            #expect(GuestMemory.request(resources, nodeBytes: node) == nil)
            return
        }
        let found = try #require(GuestMemory.request(resources, nodeBytes: node))
        #expect(found.contains(request) && found.upperBound - found.lowerBound <= node / 1000 + 1)
    }

    @Test(.rule("MEMORY"))
    func `a request that may be enough is given the least; one that can't be is refused`() throws {
        // Between 131 and 147 MiB of 16 GiB.
        #expect(try memory(score: 992).mib == 64)
        #expect(throws: PodServiceError.self) { try memory(score: 996) }
        #expect(throws: PodServiceError.self) { try memory(unified: ["memory.min": "1048576"]) }
    }
}
