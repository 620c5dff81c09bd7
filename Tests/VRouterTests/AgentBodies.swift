// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Bodies of the agent's answers, byte by byte as upstream's code (tf-controller 6a674397) writes them: four
/// blanks of indentation, elements joined by `},{`, no newline at the end.
enum AgentBodies {
    /// `GET /vm-cfg/NAME`, two interfaces; the second has no MAC address and no annotations yet.
    static let twoAssignments = #"""
        [{
            "id": "7c1e0b52-3a90-11ee-9c41-0242ac110002",
            "vm-uuid": "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11",
            "vn-id": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001",
            "vn-name": "default-domain:k8s-default:k8s-default-pod-network",
            "mac-address": "02:7c:1e:0b:52:3a",
            "sub-interface": false,
            "vlan-id": 65535,
            "annotations": [
                "{kind:Pod}",
                "{owner:k8s}",
                "{cluster:k8s}",
                "{namespace:default}",
                "{name:vm1}",
                "{index:0/2}",
                "{network:default}"
            ]
        },{
            "id": "9d2f1c63-3a90-11ee-9c41-0242ac110002",
            "vm-uuid": "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11",
            "vn-id": "6f3eab2d-88bb-4d1f-ab66-404d5d700002",
            "vn-name": "default-domain:k8s-default:net-a",
            "mac-address": "",
            "sub-interface": false,
            "vlan-id": 65535
        }]
        """#

    /// `GET /port/VMI`, dual stack.
    static let dualStack = #"""
        {
            "id": "7c1e0b52-3a90-11ee-9c41-0242ac110002",
            "instance-id": "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11",
            "vn-id": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001",
            "vm-project-id": "00000000-0000-0000-0000-000000000000",
            "mac-address": "02:7c:1e:0b:52:3a",
            "system-name": "tapeth0-b0f5a0",
            "rx-vlan-id": 65535,
            "tx-vlan-id": 65535,
            "vhostuser-mode": 0,
            "ip-address": "10.47.255.249",
            "plen": 12,
            "dns-server": "10.47.255.253",
            "gateway": "10.47.255.254",
            "v6-ip-address": "fd00:47::f9",
            "v6-dns-server": "fd00:47::fd",
            "v6-gateway": "fd00:47::fe",
            "author": "contrail-vrouter-agent",
            "time": "498705:56:40.214733"
        }
        """#

    /// `GET /vm/VM/VMI`, IPv4 only.
    static let v4Only = #"""
        [{
            "id": "7c1e0b52-3a90-11ee-9c41-0242ac110002",
            "instance-id": "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11",
            "vn-id": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001",
            "vm-project-id": "00000000-0000-0000-0000-000000000000",
            "mac-address": "02:7c:1e:0b:52:3a",
            "system-name": "tapeth0-b0f5a0",
            "rx-vlan-id": 65535,
            "tx-vlan-id": 65535,
            "vhostuser-mode": 0,
            "ip-address": "10.47.255.249",
            "plen": 12,
            "dns-server": "10.47.255.253",
            "gateway": "10.47.255.254",
            "author": "contrail-vrouter-agent",
            "time": "498705:56:40.214733"
        }]
        """#

    /// `GET /port/VMI`, IPv6 only.
    static let v6Only = #"""
        {
            "id": "7c1e0b52-3a90-11ee-9c41-0242ac110002",
            "instance-id": "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11",
            "vn-id": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001",
            "vm-project-id": "00000000-0000-0000-0000-000000000000",
            "mac-address": "02:7c:1e:0b:52:3a",
            "system-name": "tapeth0-b0f5a0",
            "rx-vlan-id": 65535,
            "tx-vlan-id": 65535,
            "vhostuser-mode": 0,
            "v6-ip-address": "fd00:47::f9",
            "v6-dns-server": "fd00:47::fd",
            "v6-gateway": "fd00:47::fe",
            "author": "contrail-vrouter-agent",
            "time": "498705:56:40.214733"
        }
        """#

    /// `GET /vm/VM`, two ports; the second's network has neither gateway nor name server.
    static let twoPorts = #"""
        [{
            "id": "7c1e0b52-3a90-11ee-9c41-0242ac110002",
            "instance-id": "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11",
            "vn-id": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001",
            "vm-project-id": "00000000-0000-0000-0000-000000000000",
            "mac-address": "02:7c:1e:0b:52:3a",
            "system-name": "tapeth0-b0f5a0",
            "rx-vlan-id": 65535,
            "tx-vlan-id": 65535,
            "vhostuser-mode": 0,
            "ip-address": "10.47.255.249",
            "plen": 12,
            "dns-server": "10.47.255.253",
            "gateway": "10.47.255.254",
            "author": "contrail-vrouter-agent",
            "time": "498705:56:40.214733"
        },{
            "id": "9d2f1c63-3a90-11ee-9c41-0242ac110002",
            "instance-id": "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11",
            "vn-id": "6f3eab2d-88bb-4d1f-ab66-404d5d700002",
            "vm-project-id": "00000000-0000-0000-0000-000000000000",
            "mac-address": "02:9d:2f:1c:63:3a",
            "system-name": "tapeth1-b0f5a0",
            "rx-vlan-id": 65535,
            "tx-vlan-id": 65535,
            "vhostuser-mode": 0,
            "ip-address": "10.1.2.3",
            "plen": 24,
            "dns-server": "0.0.0.0",
            "gateway": "0.0.0.0",
            "author": "contrail-vrouter-agent",
            "time": "498705:56:40.214801"
        }]
        """#
}
