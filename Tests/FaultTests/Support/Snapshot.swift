// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// The state of a lab as lines of text, by part.
struct Snapshot: Equatable {
    private var parts: [(name: String, lines: [String])] = []

    static func == (one: Snapshot, two: Snapshot) -> Bool { one.difference(from: two).isEmpty }

    /// No parts.
    init() {}

    /// A namespace's state alone.
    init(kernelStateOf namespace: TestNamespace) throws { try add("pod", kernelStateOf: namespace) }

    /// The state of a namespace in which nothing was done.
    static func empty() throws -> Snapshot { try Snapshot(kernelStateOf: TestNamespace("pod")) }

    mutating func add(_ name: String, _ lines: [String]) { parts.append((name, lines)) }

    /// Links, addresses, routes, qdiscs and filters of a namespace.
    mutating func add(_ name: String, kernelStateOf namespace: TestNamespace) throws {
        let ending = try Child(["sh", "-c", Self.script], in: namespace).finish()
        guard ending.status == 0 else { throw FaultFailure(ending.summary) }
        // What the kernel settles by itself: counters, timers, carrier, addresses from the MAC.
        let words = [
            "NO-CARRIER,", ",LOWER_UP", " linkdown", "state UP", "state DOWN", "state LOWERLAYERDOWN",
        ]
        var lines: [String] = []
        for line in ending.output.split(separator: "\n") {
            if line.contains("fe80::") || line.contains("ff00::/8") { continue }
            var text = String(line)
            for word in words { text = text.replacing(word, with: "") }
            text = text.replacing(/valid_lft \w+ preferred_lft \w+/, with: "")
            text = text.replacing(/\w+_timer +[0-9.]+/, with: "").replacing(/used +[0-9]+ sec/, with: "")
            text = text.replacing(/vrouter-sim [0-9]+/, with: "vrouter-sim")
            // Indexes of devices that come and go say nothing.
            text = text.replacing(/^[0-9]+:\s/, with: "").replacing(/@if[0-9]+/, with: "")
            lines.append(text.replacing(/link-netns [^ ]+/, with: ""))
        }
        add(name, lines.sorted())
    }

    /// One process a kind of object, and one for the filters of all devices.
    private static let script = """
        set -e
        ip -o -d link
        ip -o addr
        ip route show table all
        ip -6 route show table all
        tc qdisc
        sed -n 's/^ *\\([^ :]*\\):.*/filter show dev \\1 ingress/p' /proc/net/dev | tc -b - 2>/dev/null || true
        """

    /// The lines that are in one only, with a sign; empty where there is none.
    func difference(from expected: Snapshot) -> String {
        var lines: [String] = []
        for (one, two) in zip(parts, expected.parts) where one.lines != two.lines {
            for change in one.lines.difference(from: two.lines) {
                switch change {
                case .insert(_, let line, _): lines.append("\(one.name) + \(line)")
                case .remove(_, let line, _): lines.append("\(one.name) - \(line)")
                }
            }
        }
        if parts.count != expected.parts.count {
            lines.append("\(parts.count) parts, not \(expected.parts.count)")
        }
        return lines.joined(separator: "\n")
    }
}
