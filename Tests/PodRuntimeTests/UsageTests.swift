// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Pods
import PreparedInterface
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

@Suite struct UsageTests {
    private func tree(_ files: [String: String]) throws -> TemporaryFolder {
        let folder = TemporaryFolder()
        for (name, text) in files {
            let path = folder.path(name)
            let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
        return folder
    }

    @Test(.rule("USAGE")) func `usage of cgroup v2`() throws {
        let folder = try tree([
            "cgroup.controllers": "cpu memory\n",
            "pod1/cvm-a/cpu.stat": "usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n",
            "pod1/cvm-a/cpu.pressure":
                "some avg10=1.50 avg60=0.75 avg300=0.10 total=987654\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=12\n",
            "pod1/cvm-a/memory.current": "1000000000\n", "pod1/cvm-a/memory.max": "1500000000\n",
            "pod1/cvm-a/memory.stat":
                "anon 600000000\nfile 300000000\nshmem 100000000\ninactive_file 150000000\nactive_file 50000000\npgfault 77\npgmajfault 7\n",
            "pod1/cvm-a/memory.swap.current": "4096\n", "pod1/cvm-a/memory.swap.max": "max\n",
            "pod1/cvm-a/pids.current": "9\n",
        ])
        let path = try #require(CgroupPath(parent: "/pod1", containerID: "a"))
        let usage = try #require(PodCgroup(root: folder.path, path).usage(now: 5))
        #expect(usage.measuredAt == 5 && usage.cpuNanoseconds == 1_234_567_000 && usage.processes == 9)
        #expect(
            usage.cpuPressure?.some
                == Pressure.Part(average10: 1.5, average60: 0.75, average300: 0.1, total: 987_654)
        )
        #expect(usage.cpuPressure?.full.total == 12 && usage.ioPressure == nil)
        var memory = MemoryUsage(
            used: 1_000_000_000,
            workingSet: 850_000_000,
            available: 650_000_000,
            resident: 700_000_000
        )
        memory.pageFaults = 77
        memory.majorPageFaults = 7
        memory.swapUsed = 4096
        #expect(usage.memory == memory)
        // Without a limit nothing is available, as other runtimes say.
        try Data("max\n".utf8).write(to: URL(fileURLWithPath: folder.path("pod1/cvm-a/memory.max")))
        #expect(PodCgroup(root: folder.path, path).usage(now: 5)?.memory?.available == 0)
        #expect(PodCgroup.usage("pod1/cvm-b", below: folder.path, now: 5) == nil)
    }

    @Test(.rule("USAGE")) func `usage of cgroup v1`() throws {
        let folder = try tree([
            "cpuacct/pod1/cvm-a/cpuacct.usage": "1234567890\n", "pids/pod1/cvm-a/pids.current": "5\n",
            "memory/pod1/cvm-a/memory.usage_in_bytes": "400000000\n",
            "memory/pod1/cvm-a/memory.limit_in_bytes": "500000000\n",
            "memory/pod1/cvm-a/memory.memsw.usage_in_bytes": "410000000\n",
            "memory/pod1/cvm-a/memory.memsw.limit_in_bytes": "9223372036854771712\n",
            "memory/pod1/cvm-a/memory.stat":
                "rss 1\ninactive_file 2\ntotal_rss 300000000\ntotal_shmem 20000000\ntotal_inactive_file 50000000\ntotal_pgfault 8\ntotal_pgmajfault 3\n",
        ])
        let path = try #require(CgroupPath(parent: "/pod1", containerID: "a"))
        let usage = try #require(PodCgroup(root: folder.path, path).usage(now: 5))
        #expect(usage.cpuNanoseconds == 1_234_567_890 && usage.processes == 5 && usage.cpuPressure == nil)
        var memory = MemoryUsage(
            used: 400_000_000,
            workingSet: 350_000_000,
            available: 150_000_000,
            resident: 320_000_000
        )
        memory.pageFaults = 8
        memory.majorPageFaults = 3
        memory.swapUsed = 10_000_000
        #expect(usage.memory == memory)
        let unlimited = URL(fileURLWithPath: folder.path("memory/pod1/cvm-a/memory.limit_in_bytes"))
        try Data("9223372036854771712\n".utf8).write(to: unlimited)
        #expect(PodCgroup(root: folder.path, path).usage(now: 5)?.memory?.available == 0)
        // A node without the controller for memory still tells of processors.
        try FileManager.default.removeItem(atPath: folder.path("memory"))
        let less = PodCgroup(root: folder.path, path).usage(now: 5)
        #expect(less?.memory == nil && less?.cpuNanoseconds == 1_234_567_890)
    }

    @Test(.rule("USAGE")) func `numbers that do not fit together and files that are garbage are no crash`()
        throws
    {
        let folder = try tree([
            "cgroup.controllers": "", "a/cpu.stat": "usage_usec 1\n", "a/memory.current": "10\n",
            "a/memory.max": "5\n",
            "a/memory.stat": "inactive_file 99\nanon x\n\n= =\n18446744073709551616 1\n",
            "a/memory.swap.current": "7\n",
            "a/memory.swap.max": "3\n", "a/memory.pressure": "some avg10= =\nfull\n\u{0}",
            "a/pids.current": "-1\n",
        ])
        let usage = try #require(PodCgroup.usage("a", below: folder.path, now: 1))
        #expect(
            usage.memory?.workingSet == 0 && usage.memory?.available == 5 && usage.memory?.swapAvailable == 0
        )
        #expect(usage.processes == nil)
    }

    @Test(.rule("USAGE")) func `a rate is that of the time since the last look, of a second or more`() {
        let meter = UsageMeter()
        func rate(_ seconds: Double, _ nanoseconds: UInt64) -> UInt64? {
            var usage = GroupUsage(measuredAt: Int64(seconds * 1e9))
            usage.cpuNanoseconds = nanoseconds
            return meter.rated(usage, of: "a").cpuNanosecondsPerSecond
        }
        #expect(rate(1, 0) == nil)
        #expect(rate(1.5, 500_000_000) == nil)
        #expect(rate(3, 1_000_000_000) == 500_000_000)
        #expect(rate(3.5, 1_500_000_000) == 500_000_000)
        #expect(rate(5, 5_000_000_000) == 2_000_000_000)
        // Made anew under the same name, and a clock that was set back.
        #expect(rate(7, 1) == nil)
        #expect(rate(2, 2) == nil)
        meter.forget(allBut: [])
        #expect(rate(9, 3) == nil)
    }

    @Test(.rule("USAGE")) func `traffic is counted from the pod's side`() throws {
        let counters = InterfaceCounters(
            """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
            tap3f2a: 1000      10    1    2    0     0          0         0 18446744073709551615      20    3    4    0     0       0          0
             short: 1 2
            """
        )
        let own = counters.usage(of: "tap3f2a", as: "eth0", isReversed: false)
        #expect(
            own
                == InterfaceUsage(
                    name: "eth0",
                    receivedBytes: 1000,
                    receiveErrors: 1,
                    sentBytes: .max,
                    sendErrors: 3
                )
        )
        let reversed = counters.usage(of: "tap3f2a", as: "eth0", isReversed: true)
        #expect(
            reversed
                == InterfaceUsage(
                    name: "eth0",
                    receivedBytes: .max,
                    receiveErrors: 3,
                    sentBytes: 1000,
                    sendErrors: 1
                )
        )
        #expect(counters.usage(of: "short", as: "eth0", isReversed: true) == nil)
        #expect(counters.usage(of: "eth0", as: "eth0", isReversed: true) == nil)
    }

    @Test(.rule("USAGE")) func `each attachment is counted at its device`() throws {
        let direct = try #require(CountedDevice(try PreparedInterface.sample(tap: "tap3f2a")))
        #expect(direct.device == "tap3f2a" && direct.namespace == nil && direct.isReversed)
        let place = NamespaceReference.pod(path: "/run/netns/pod", device: 4, inode: 5)
        var bridged = try PreparedInterface.sample(namespace: place)
        guard case .tap(var tap) = bridged.attachment else { throw Absent() }
        tap.joinedBy = .redirect
        bridged.attachment = .tap(tap)
        let redirected = try #require(CountedDevice(bridged))
        #expect(redirected.device == bridged.key.interface.text && redirected.namespace == "/run/netns/pod")
        #expect(!redirected.isReversed)
        bridged.attachment = .vhostUser(
            Attachment.VhostUser(path: "/s", listener: .guest, mostQueues: 1, ownerUID: 1)
        )
        #expect(CountedDevice(bridged) == nil)
    }

    @Test(.rule("USAGE")) func `what is not in a namespace any more is left out`() {
        let gone = CountedDevice(name: "eth0", device: "eth0", namespace: "/run/netns/no-such")
        let own = CountedDevice(name: "lo", device: "lo", namespace: nil)
        let traffic = UsageMeter.traffic(of: ["a": [gone, own], "b": [gone]])
        #expect(traffic["a"]?.map(\.name) == ["lo"] && traffic["b"] == [])
    }

    @Test(.rule("USAGE")) func `a disk's blocks count, not its length; without it nothing is told`() throws {
        let folder = TemporaryFolder()
        let disk = folder.path("disk")
        try Data(repeating: 1, count: 8192).write(to: URL(fileURLWithPath: disk))
        truncate(disk, 1 << 30)
        let usage = try #require(UsageMeter.layer([disk, folder.path("none")], in: folder.path, now: 3))
        // How many blocks it has is the file system's business.
        var status = stat()
        #expect(lstat(disk, &status) == 0)
        #expect(usage.usedBytes == UInt64(status.st_blocks) * 512 && usage.usedBytes < 1 << 30)
        #expect(usage.usedInodes == 1 && usage.path == folder.path)
        #expect(UsageMeter.layer([folder.path("none"), disk], in: folder.path, now: 3) == nil)
    }

    @Test(.rule("USAGE")) func `what hangs is not waited for, and costs few threads`() async {
        let meter = UsageMeter()
        let gate = DispatchSemaphore(value: 0)
        let begun = Counter()
        for _ in 1...20 {
            let answer: Void? = await meter.read(patience: .milliseconds(20)) {
                begun.count.withLock { $0 += 1 }
                gate.wait()
            }
            #expect(answer == nil)
        }
        #expect((1...8).contains(begun.count.withLock { $0 }))
        // Eight threads wait; they are of use again as soon as they are back.
        for _ in 1...8 { gate.signal() }
        var value: Int?
        for _ in 1...200 where value == nil {
            value = await meter.read { 7 }
            if value == nil { try? await Task.sleep(for: .milliseconds(10)) }
        }
        #expect(value == 7)
    }
}

private struct Absent: Error {}

private final class Counter: Sendable { let count = Mutex(0) }
