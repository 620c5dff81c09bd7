// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A network namespace of a test's own, removed with its owner.
public final class TestNamespace: Sendable {
    /// The name, as ip-netns(8) knows it.
    public let name: String

    /// The path.
    public var path: String { "/run/netns/\(name)" }

    /// Makes a namespace whose name begins with a word; lo is up.
    public init(_ word: String) throws {
        name = "cvt-\(word)-\(UUID().uuidString.prefix(8).lowercased())"
        try TestProgram.succeed("ip", "netns", "add", name)
        try TestProgram.succeed("ip", "-n", name, "link", "set", "lo", "up")
    }

    deinit { _ = try? TestProgram.run(["ip", "netns", "del", name]) }

    /// Runs a program in it.
    @discardableResult
    public func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String = "",
        seconds: Double = 60
    ) throws -> TestProgram.Outcome {
        try TestProgram.run(
            ["ip", "netns", "exec", name] + arguments,
            environment: environment,
            input: input,
            seconds: seconds
        )
    }

    /// What ip(8) and tc(8) tell of it, without counters and what changes by itself.
    public func dump() throws -> String {
        var text = ""
        for command in [
            ["ip", "-o", "-n", name, "-d", "link"], ["ip", "-o", "-n", name, "addr"],
            ["ip", "-n", name, "route", "show", "table", "all"],
            ["ip", "-n", name, "-6", "route", "show", "table", "all"], ["tc", "-n", name, "qdisc"],
        ] {
            text += "# \(command.joined(separator: " "))\n" + (try TestProgram.run(command)).output
        }
        // Indexes and random addresses of devices that come and go say nothing.
        // Counters, timers, and what the kernel settles by itself some time after a link is up.
        text = text.replacing(/valid_lft \w+ preferred_lft \w+/, with: "").replacing(
            /\w+_timer +[0-9.]+/,
            with: ""
        )
        .replacing("NO-CARRIER,", with: "").replacing(/state (UP|DOWN|LOWERLAYERDOWN|UNKNOWN)/, with: "")
        return text.split(separator: "\n").filter { !$0.contains("fe80::") && !$0.contains("ff00::/8") }
            .joined(separator: "\n")
    }

    /// The kinds of a device's qdiscs, as tc(8) lists them: the root's first.
    public func qdiscs(of device: String) throws -> [String] {
        try TestProgram.succeed("tc", "-n", name, "qdisc", "show", "dev", device).split(separator: "\n")
            .compactMap {
                $0.split(separator: " ").dropFirst().first.map(String.init)
            }
    }

    /// Whether pings are answered; the first may be lost to address resolution.
    public func pings(_ address: String, count: Int = 2) throws -> Bool {
        let outcome = try run(
            ["ping", "-n", "-c", "\(count)", "-i", "0.2", "-W", "2", address],
            seconds: 30
        )
        return outcome.output.contains(", 0% packet loss")
    }
}
