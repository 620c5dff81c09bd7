// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What /proc says of other processes.
enum RunningProcess {
    /// The arguments of a process; empty if there is none of that id.
    static func arguments(_ id: Int32) -> [String] {
        let text = FileText.read(Bytes("/proc/\(id)/cmdline")) ?? []
        return text.split(separator: 0, omittingEmptySubsequences: false).map { Bytes($0).text }
    }

    static func isSimulator(_ id: Int32) -> Bool {
        arguments(id).first?.hasSuffix("vrouter-sim") ?? false
    }
}
