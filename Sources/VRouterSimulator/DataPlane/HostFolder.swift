// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The folders that a network's dnsmasq watches: a file for each MAC, renamed into place.
///
/// dnsmasq notices neither a deleted nor an emptied file, so a host is withdrawn by a line that says to ignore it.
struct HostFolder {
    let path: String

    /// - Throws: ``DataPlaneError`` if the folders cannot be made, or not be reached by dnsmasq's user.
    init(path: String) throws {
        self.path = path
        for folder in [hosts, names] {
            guard FileText.createFolders(Bytes(folder), mode: 0o755) else {
                throw DataPlaneError("make \(folder): \(SystemError("make", folder))")
            }
        }
        if let closed = FileText.closedFolder(above: Bytes(hosts)) {
            throw DataPlaneError(
                "dnsmasq runs as nobody and cannot enter \(closed.text): make it 0755 or choose another run directory"
            )
        }
    }

    var hosts: String { path + "/hosts" }
    var names: String { path + "/names" }

    /// Serves a port.
    func serve(_ plan: PortPlan) {
        let addresses = [plan.v4?.text, plan.v6.map { "[\($0.text)]" }].compactMap(\.self)
        let name = Self.isHostName(plan.hostName) ? [plan.hostName] : []
        put(
            hosts,
            plan.mac,
            ([plan.mac.text] + addresses + name + ["infinite"]).joined(separator: ",") + "\n"
        )
        let lines = [plan.v4?.text, plan.v6?.text].compactMap(\.self).map { "\($0) \(plan.hostName)\n" }
        put(names, plan.mac, name.isEmpty ? "" : lines.joined())
    }

    /// Serves a port no more.
    func withdraw(_ plan: PortPlan) {
        put(hosts, plan.mac, plan.mac.text + ",ignore\n")
        put(names, plan.mac, "\n")
    }

    private func put(_ folder: String, _ mac: AgentMAC, _ text: String) {
        let name = mac.text.replacing(":", with: "-")
        let temporary = "\(path)/.\(name)"
        guard FileText.write(Bytes(text), to: Bytes(temporary), mode: 0o644), chmod(temporary, 0o644) == 0,
            rename(temporary, "\(folder)/\(name)") == 0
        else {
            Log.write("\(SystemError("write", "\(folder)/\(name)"))")
            return
        }
    }

    /// What dnsmasq takes for a name: labels of letters, digits and dashes.
    private static func isHostName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 253
            && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
            }
    }
}
