// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Pods
import TestSupport
import Testing

@testable import PodRuntime

@Suite struct CgroupTests {
    @Test(arguments: [
        ("/kubepods/burstable/pod1", "kubepods/burstable/pod1/cvm-a"),
        (
            "kubepods-burstable-pod1_2.slice",
            "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cvm-a.scope/vm"
        ),
        ("", "contrail-vm/cvm-a"),
    ])
    func `a path is below the pod's, in both notations`(parent: String, path: String) {
        #expect(CgroupPath(parent: parent, containerID: "a")?.text == path)
    }

    @Test(arguments: ["/../../etc", "/a/./b", "/a b", "/a\n", "/\(String(repeating: "x", count: 256))"])
    func `what leads elsewhere is no path`(parent: String) {
        #expect(CgroupPath(parent: parent, containerID: "a") == nil)
    }

    private var resources: LinuxResources {
        var resources = LinuxResources()
        resources.cpuShares = 1024
        resources.cpuPeriod = 100_000
        resources.cpuQuota = 150_000
        resources.cpusetCPUs = "0-1"
        return resources
    }

    @Test func `limits are the files of version 1`() {
        let settings = CgroupLimits(resources: resources, memory: 1 << 30).v1.map { "\($0.file)=\($0.value)" }
        #expect(
            settings == [
                "cpu.shares=1024", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=150000", "cpuset.cpus=0-1",
                "memory.limit_in_bytes=1073741824",
            ]
        )
    }

    @Test func `limits are the files of version 2`() {
        let settings = CgroupLimits(resources: resources, memory: 1 << 30).v2.map { "\($0.file)=\($0.value)" }
        #expect(
            settings == [
                "cpu.weight=39", "cpu.max=150000 100000", "cpuset.cpus=0-1", "memory.max=1073741824",
            ]
        )
        var least = LinuxResources()
        least.cpuShares = 2
        least.cpuQuota = -1
        #expect(CgroupLimits(resources: least, memory: nil).v2.map(\.value) == ["1", "max 100000"])
        least.cpuShares = 262_144
        #expect(CgroupLimits(resources: least, memory: nil).v2.first?.value == "10000")
    }

    @Test func `nothing told limits nothing`() {
        let limits = CgroupLimits(resources: LinuxResources(), memory: nil)
        #expect(limits.v1.isEmpty && limits.v2.isEmpty)
    }

    @Test(arguments: [false, true])
    func `cgroups of forgotten containers are found by name, in each hierarchy, and others stay`(
        isUnified: Bool
    ) throws {
        let folder = TemporaryFolder()
        let forgotten =
            isUnified
            ? ["x.slice/y.slice/cvm-a.scope/vm", "pod1/cvm-a"] : ["cpu/pod1/cvm-a", "memory/pod1/cvm-a"]
        let others = isUnified ? ["x.slice/cvm-ab.scope", "pod2"] : ["cpu/pod1/cvm-ab", "cpu/pod2"]
        for path in forgotten + others {
            try FileManager.default.createDirectory(
                atPath: folder.path(path),
                withIntermediateDirectories: true
            )
        }
        if isUnified { try Data().write(to: URL(fileURLWithPath: folder.path("cgroup.controllers"))) }
        func present(_ paths: [String]) -> [String] {
            paths.filter { FileManager.default.fileExists(atPath: folder.path($0)) }
        }
        try PodCgroup.remove(named: [], below: folder.path)
        #expect(present(forgotten + others) == forgotten + others)
        for _ in 1...2 { try PodCgroup.remove(named: ["cvm-a"], below: folder.path) }
        #expect(present(forgotten + others + ["x.slice/y.slice/cvm-a.scope"]) == others)
    }
}
