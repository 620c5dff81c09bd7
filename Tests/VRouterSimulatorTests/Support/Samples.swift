// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

@testable import VRouterSimulator

/// UUIDs of the reference's examples.
enum Sample {
    static let vmi = "7c1e0b52-3a90-11ee-9c41-0242ac110002"
    static let secondVMI = "9d2f1c63-3a90-11ee-9c41-0242ac110002"
    static let vm = "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11"
    static let vn = "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001"
    static let secondVN = "6f3eab2d-88bb-4d1f-ab66-404d5d700002"
    static let zero = "00000000-0000-0000-0000-000000000000"

    /// A body of POST /port; `nil` leaves a member out, other texts are JSON.
    static func port(_ changes: [String: String?] = [:]) -> String {
        object(
            [
                ("id", "\"\(vmi)\""), ("instance-id", "\"\(vm)\""), ("vn-id", "\"\(vn)\""),
                ("vm-project-id", "\"\""), ("display-name", "\"vm1\""), ("ip-address", "\"11.0.0.3\""),
                ("ip6-address", "\"::\""), ("type", "0"), ("system-name", "\"tap1af4bee3-04\""),
                ("mac-address", "\"02:1a:f4:be:e3:04\""), ("rx-vlan-id", "-1"), ("tx-vlan-id", "-1"),
            ],
            changes
        )
    }

    /// A body of POST /vm.
    static func machinePort(_ changes: [String: String?] = [:]) -> String {
        object(
            [
                ("vm-uuid", "\"\(vm)\""), ("host-ifname", "\"tap1\""), ("vm-name", "\"k8s__ns__p\""),
                ("vm-id", "\"cid\""), ("vm-ifname", "\"eth0\""), ("vm-namespace", "\"/proc/1/ns/net\""),
                ("vn-uuid", "\"\(vn)\""), ("vmi-uuid", "\"\(vmi)\""),
            ],
            changes
        )
    }

    private static func object(_ members: [(String, String)], _ changes: [String: String?]) -> String {
        let known = Set(members.map(\.0))
        var result: [String] = []
        for (key, value) in members {
            guard let changed = changes[key] else {
                result.append("\"\(key)\":\(value)")
                continue
            }
            if let changed { result.append("\"\(key)\":\(changed)") }
        }
        for (key, value) in changes.sorted(by: { $0.key < $1.key }) where !known.contains(key) {
            if let value { result.append("\"\(key)\":\(value)") }
        }
        return "{" + result.joined(separator: ",") + "}"
    }
}

extension Configuration {
    /// The networks and the pod of the reference's examples, without a data plane.
    static func sample() -> Configuration {
        do {
            return try Configuration(json: Bytes(sampleText))
        } catch {
            preconditionFailure("\(error)")
        }
    }

    static let sampleText = """
        {"dataPlane": false, "networks": [
          {"uuid": "\(Sample.vn)", "name": "default-domain:k8s-default:k8s-default-pod-network",
           "v4": {"subnet": "10.32.0.0/12", "gateway": "10.47.255.254", "dns": "10.47.255.253"},
           "v6": {"subnet": "fd00:47::/64", "gateway": "fd00:47::fe", "dns": "fd00:47::fd"}},
          {"uuid": "\(Sample.secondVN)", "name": "default-domain:k8s-default:net-a",
           "v4": {"subnet": "10.1.2.0/24"}}],
         "pods": [{"namespace": "default", "name": "vm1", "uuid": "\(Sample.vm)", "interfaces": [
          {"vmi": "\(Sample.vmi)", "network": "\(Sample.vn)", "mac": "02:7c:1e:0b:52:3a",
           "v4": "10.47.255.249", "v6": "fd00:47::f9"},
          {"vmi": "\(Sample.secondVMI)", "network": "\(Sample.secondVN)", "mac": "",
           "v4": "10.1.2.3", "annotations": {}}]}]}
        """
}
