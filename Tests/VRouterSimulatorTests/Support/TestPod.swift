// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

@testable import VRouterSimulator

/// A pod: a network namespace with `eth0`, whose other end is the port's device.
final class TestPod {
    let name: String
    let device: String
    let machine: String
    let interface: String
    let network: String
    let mac: String
    let v4: String
    let v6: String
    private let namespace: String

    private static let count = Atomic<Int>(0)

    /// Has the simulator configure a pod of that name, and makes its namespace and device.
    init(_ name: String, _ standIn: StandIn) throws {
        self.name = name
        let number = Self.count.add(1, ordering: .relaxed).newValue
        namespace = "vrsim-\(getpid())-\(number)"
        device = "tap\(number)"
        _ = try standIn.request("GET", "/vm-cfg/k8s__default__\(name)")
        let pod = try standIn.control(#"{"command":"pod","name":"k8s__default__\#(name)"}"#)
        func member(_ key: String) throws -> String {
            guard let start = pod.firstRange(of: "\"\(key)\":\"") else {
                throw Namespace.Failure(description: "no \(key) in \(pod)")
            }
            return String(pod[start.upperBound...].prefix { $0 != "\"" })
        }
        machine = try member("uuid")
        interface = try member("vmi")
        network = try member("network")
        mac = try member("mac")
        v4 = try member("v4")
        v6 = try member("v6")
        try Namespace.shell("ip netns add \(namespace)")
        try inside("ip link set lo up; sysctl -qw net.ipv6.conf.default.accept_dad=0")
    }

    deinit {
        do {
            try Namespace.shell("ip netns del \(namespace)")
        } catch {
            Log.write("\(error)")
        }
    }

    func makeDevice() throws {
        try Namespace.shell(
            "ip link add \(device) type veth peer name eth0 netns \(namespace) address \(mac)"
        )
        try Namespace.shell("ip link set \(device) up")
        try inside("ip link set eth0 up; ip addr add \(v4)/12 dev eth0; ip addr add \(v6)/64 dev eth0 nodad")
    }

    func post(to standIn: StandIn) throws {
        let body = Sample.machinePort([
            "vm-uuid": "\"\(machine)\"", "vmi-uuid": "\"\(interface)\"", "vn-uuid": "\"\(network)\"",
            "host-ifname": "\"\(device)\"",
        ])
        try Namespace.check(try standIn.request("POST", "/vm", body) == .ok, "POST /vm")
    }

    @discardableResult
    func inside(_ command: String) throws -> String {
        try Namespace.shell("ip netns exec \(namespace) sh -c '\(command)'")
    }

    func pings(_ address: String, _ options: String = "") throws -> Bool {
        try Namespace.tryShell("ip netns exec \(namespace) ping -n -c 1 -W 1 \(options) \(address)").status
            == 0
    }

    /// Whether a DHCP client gets the pod's address.
    func getsLease() throws -> Bool {
        try Namespace.tryShell(
            "ip netns exec \(namespace) busybox udhcpc -i eth0 -n -q -f -t 2 -T 1 -s /bin/true"
        ).output.contains("lease of \(v4) obtained")
    }

    /// `state reason` of the pod's port.
    func state(_ standIn: StandIn) throws -> String {
        let report = try standIn.control(#"{"command":"ports"}"#)
        guard let start = report.firstRange(of: "\"vmi\":\"\(interface)\"") else { return "absent" }
        let rest = report[start.upperBound...]
        func member(_ key: String) -> Substring {
            rest.firstRange(of: "\"\(key)\":\"").map { rest[$0.upperBound...].prefix { $0 != "\"" } } ?? ""
        }
        return "\(member("state")) \(member("reason"))"
    }

    func drops(_ reason: String, _ standIn: StandIn) throws -> Int {
        let report = try standIn.control(#"{"command":"ports"}"#)
        guard let start = report.firstRange(of: "\"vmi\":\"\(interface)\"") else { return -1 }
        let rest = report[start.upperBound...]
        return rest.firstRange(of: "\"\(reason)\":").flatMap {
            Int(rest[$0.upperBound...].prefix(while: \.isNumber))
        }
            ?? -1
    }
}
