// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
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

    @Test(arguments: [
        "/../../etc", "/a/./b", "/a b", "/a\n", "/\(String(repeating: "x", count: 256))", "/a\u{0}b",
        "/p\u{f6}d",
        // Slices whose name says no place.
        ".slice", "-.slice", "a--b.slice", "-a.slice", "a-.slice", "/kubepods.slice/.slice",
        // The kernel's own files.
        "/kubepods/cgroup.procs", "/tasks", "/cpu.max/pod1",
        String(repeating: "/a", count: 33),
        "/" + Array(repeating: String(repeating: "x", count: 200), count: 12).joined(separator: "/"),
    ])
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

    /// A cgroup of version 2 that is a folder of files.
    private func cgroup(_ folder: TemporaryFolder) throws -> PodCgroup {
        folder.write("cpu cpuset memory\n", to: "cgroup.controllers")
        folder.write("0-3\n", to: "pod/cpuset.cpus.effective")
        folder.write("0\n", to: "pod/cpuset.mems.effective")
        for (name, text) in [("cpu.weight", "100\n"), ("cpu.max", "max 100000\n"), ("memory.max", "max\n")] {
            folder.write(text, to: "pod/cvm-a/\(name)")
        }
        let path = try #require(CgroupPath(parent: "/pod", containerID: "a"))
        return PodCgroup(root: folder.path, path)
    }

    @Test func `a limit that is refused takes those before it back`() throws {
        let folder = TemporaryFolder()
        let cgroup = try cgroup(folder)
        // There is no file cpuset.cpus: it can't be written, like one that the kernel refuses.
        #expect(throws: SystemError.self) { try cgroup.set(CgroupLimits(resources: resources, memory: nil)) }
        #expect(folder.read("pod/cvm-a/cpu.weight")?.hasPrefix("100\n") == true)
        #expect(folder.read("pod/cvm-a/cpu.max")?.hasPrefix("max 100000\n") == true)
        folder.write("\n", to: "pod/cvm-a/cpuset.cpus")
        let former = try cgroup.replace(CgroupLimits(resources: resources, memory: nil))
        #expect(folder.read("pod/cvm-a/cpu.max")?.hasPrefix("150000 100000") == true)
        cgroup.restore(former)
        #expect(folder.read("pod/cvm-a/cpu.weight")?.hasPrefix("100\n") == true)
    }

    @Test func `resources that a node can grant pass`() throws {
        let folder = TemporaryFolder()
        let cgroup = try cgroup(folder)
        try cgroup.check(LinuxResources())
        var wanted = LinuxResources()
        wanted.cpusetCPUs = "0"
        wanted.cpusetMemories = "0"
        wanted.cpuQuota = -1
        wanted.cpuPeriod = 100_000
        wanted.cpuShares = 2
        try cgroup.check(wanted)
    }

    @Test func `resources that can't be granted are refused by the field's name`() throws {
        let folder = TemporaryFolder()
        let cgroup = try cgroup(folder)
        func refused(_ field: String, _ change: (inout LinuxResources) -> Void) {
            var wanted = LinuxResources()
            change(&wanted)
            let error = #expect(throws: PodServiceError.self) { try cgroup.check(wanted) }
            #expect(
                error?.kind == .invalidArgument && error?.message.contains(field) == true,
                "\(error as Any)"
            )
        }
        for text in ["4", "0-4", "0-", "0\n1", "all"] { refused("cpuset_cpus") { $0.cpusetCPUs = text } }
        refused("cpuset_mems") { $0.cpusetMemories = "1" }
        for period in [-1, 999, 1_000_001] { refused("cpu_period") { $0.cpuPeriod = Int64(period) } }
        refused("cpu_quota") { $0.cpuQuota = 999 }
        refused("cpu_shares") { $0.cpuShares = -1 }
        refused("memory_limit_in_bytes") { $0.memoryLimit = -1 }
    }
}
