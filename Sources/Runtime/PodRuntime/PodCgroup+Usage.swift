// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Pods

extension PodCgroup {
    /// What its processes use; nil where it is gone.
    func usage(now: Int64) -> GroupUsage? { Self.usage(path.text, below: root, now: now) }

    /// What the processes of a cgroup use; nil where it is gone.
    ///
    /// See the kernel's admin-guide/cgroup-v2.rst, and cgroup-v1/memory.rst and cpuacct.rst.
    static func usage(_ path: String, below root: String, now: Int64) -> GroupUsage? {
        isUnified(root)
            ? unified(CgroupFiles(folder: "\(root)/\(path)"), now: now)
            : separate({ CgroupFiles(folder: "\(root)/\($0)/\(path)") }, now: now)
    }

    private static func unified(_ files: CgroupFiles, now: Int64) -> GroupUsage? {
        guard let microseconds = files.fields("cpu.stat")["usage_usec"] else { return nil }
        var usage = GroupUsage(measuredAt: now)
        usage.cpuNanoseconds = microseconds * 1000
        usage.cpuPressure = files.pressure("cpu.pressure")
        usage.ioPressure = files.pressure("io.pressure")
        usage.processes = files.number("pids.current")
        if let used = files.number("memory.current") {
            let fields = files.fields("memory.stat")
            var memory = MemoryUsage(
                used: used,
                inactive: fields["inactive_file"] ?? 0,
                limit: files.number("memory.max"),
                // Memory that is shared with a vRouter is a file's to the kernel.
                resident: (fields["anon"] ?? 0) + (fields["shmem"] ?? 0)
            )
            memory.pageFaults = fields["pgfault"] ?? 0
            memory.majorPageFaults = fields["pgmajfault"] ?? 0
            memory.swapUsed = files.number("memory.swap.current")
            memory.swapAvailable = files.number("memory.swap.max").map { $0.less(memory.swapUsed ?? 0) }
            memory.pressure = files.pressure("memory.pressure")
            usage.memory = memory
        }
        return usage
    }

    private static func separate(_ files: (String) -> CgroupFiles, now: Int64) -> GroupUsage? {
        guard let nanoseconds = files("cpuacct").number("cpuacct.usage") else { return nil }
        var usage = GroupUsage(measuredAt: now)
        usage.cpuNanoseconds = nanoseconds
        usage.processes = files("pids").number("pids.current")
        let memories = files("memory")
        if let used = memories.number("memory.usage_in_bytes") {
            let fields = memories.fields("memory.stat")
            // Without a limit it is the greatest number of pages that there is.
            func limit(_ file: String) -> UInt64? {
                memories.number(file).flatMap { $0 < 1 << 62 ? $0 : nil }
            }
            var memory = MemoryUsage(
                used: used,
                inactive: fields["total_inactive_file"] ?? 0,
                limit: limit("memory.limit_in_bytes"),
                resident: (fields["total_rss"] ?? 0) + (fields["total_shmem"] ?? 0)
            )
            memory.pageFaults = fields["total_pgfault"] ?? 0
            memory.majorPageFaults = fields["total_pgmajfault"] ?? 0
            if let both = memories.number("memory.memsw.usage_in_bytes") {
                memory.swapUsed = both.less(used)
                memory.swapAvailable = limit("memory.memsw.limit_in_bytes").map { $0.less(both) }
            }
            usage.memory = memory
        }
        return usage
    }
}

extension MemoryUsage {
    /// `limit`: nil without one.
    fileprivate init(used: UInt64, inactive: UInt64, limit: UInt64?, resident: UInt64) {
        let workingSet = used.less(inactive)
        self.init(
            used: used,
            workingSet: workingSet,
            available: limit.map { $0.less(workingSet) } ?? 0,
            resident: resident
        )
    }
}

extension UInt64 {
    /// The difference, not below 0: what is read one after another need not fit together.
    fileprivate func less(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}

/// The files of one cgroup of one hierarchy; what can't be read is not there.
private struct CgroupFiles {
    let folder: String

    private func text(_ name: String) -> String? {
        do throws(SystemError) {
            return try Files.read("\(folder)/\(name)", limit: 1 << 16).map {
                String(decoding: $0, as: UTF8.self)
            }
        } catch {
            // It is being removed, or the node has no such controller.
            return nil
        }
    }

    /// A file with one number; nil for "max", too.
    func number(_ name: String) -> UInt64? {
        text(name).flatMap { UInt64($0.prefix { $0.isASCII && $0.isNumber }) }
    }

    /// A file with a name and a number a line.
    func fields(_ name: String) -> [Substring: UInt64] {
        var fields: [Substring: UInt64] = [:]
        for line in (text(name) ?? "").split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2, let value = UInt64(parts[1]) { fields[parts[0]] = value }
        }
        return fields
    }

    /// A file like `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and the same for `full`.
    func pressure(_ name: String) -> Pressure? {
        guard let text = text(name) else { return nil }
        var pressure = Pressure()
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            var part = Pressure.Part()
            for word in words.dropFirst() {
                let pair = word.split(separator: "=")
                guard pair.count == 2 else { continue }
                switch pair[0] {
                case "avg10": part.average10 = Double(pair[1]) ?? 0
                case "avg60": part.average60 = Double(pair[1]) ?? 0
                case "avg300": part.average300 = Double(pair[1]) ?? 0
                case "total": part.total = UInt64(pair[1]) ?? 0
                default: break
                }
            }
            switch words.first {
            case "some": pressure.some = part
            case "full": pressure.full = part
            default: break
            }
        }
        return pressure
    }
}
