// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

struct PortCase: CustomTestStringConvertible {
    let name: String
    let body: String
    let reply: Reply
    /// A line that the state file must hold.
    var stored: String?
    /// The file's name, when the interface is another.
    var file = Sample.vmi

    var testDescription: String { name }

    init(_ name: String, _ body: String, _ reply: Reply, stored: String? = nil, file: String = Sample.vmi) {
        self.name = name
        self.body = body
        self.reply = reply
        self.stored = stored
        self.file = file
    }
}

/// The tables of POST /port.
enum PortCases {
    private static let invalidMAC = Reply.error("{ Invalid MAC, Use xx:xx:xx:xx:xx:xx format }")

    static let shapes: [PortCase] = [
        PortCase("valid", Sample.port(), .ok, stored: "\"type\": 0,"),
        PortCase("[]", "[]", .ok),
        PortCase("[1]", "[1]", .ok),
        PortCase("[{}]", "[{}]", .ok),
        PortCase("[valid]", "[\(Sample.port())]", .ok, stored: "\"type\": 0,"),
        PortCase("5", "5", .unexpected("5")),
        PortCase("{", "{", .invalid("{")),
        PortCase(
            "vn-id nil, type 0",
            Sample.port(["vn-id": "\"\(Sample.zero)\""]),
            .error("{ Invalid VN uuid }")
        ),
        PortCase(
            "vn-id garbage, type 0",
            Sample.port(["vn-id": "\"garbage\""]),
            .error("{ Invalid VN uuid }")
        ),
        PortCase(
            "vn-id garbage, type 7",
            Sample.port(["vn-id": "\"garbage\"", "type": "7"]),
            .error("{ Invalid VN uuid }")
        ),
        PortCase("vn-id nil, type 1", Sample.port(["vn-id": "\"\(Sample.zero)\"", "type": "1"]), .ok),
        PortCase("vn-id garbage, type 2", Sample.port(["vn-id": "\"garbage\"", "type": "2"]), .ok),
        PortCase("no vhostuser-mode", Sample.port(), .ok, stored: "\"vhostuser-mode\": 0,"),
        PortCase("duplicate key", Sample.port(["type": "1,\"type\":0"]), .ok, stored: "\"type\": 1,"),
        PortCase("unknown keys", Sample.port(["x": "[{}]", "author": "5", "time": "null"]), .ok),
    ]

    static let missing: [PortCase] =
        each(["id", "instance-id", "vn-id", "vm-project-id"]) {
            PortCase("\($0) missing", Sample.port([$0: nil]), .data($0))
        }
        + each(["id", "instance-id", "vn-id", "vm-project-id"]) {
            PortCase("\($0) null", Sample.port([$0: "null"]), .data($0))
        }
        + each(["id", "instance-id", "vn-id", "vm-project-id"]) {
            PortCase("\($0) 5", Sample.port([$0: "5"]), .data($0))
        }
        + each(fields) { PortCase("\($0) missing", Sample.port([$0: nil]), .field($0)) }
        + each(fields) { PortCase("\($0) null", Sample.port([$0: "null"]), .field($0)) }
        + each(fields) { PortCase("\($0) true", Sample.port([$0: "true"]), .field($0)) }

    private static let fields = [
        "display-name", "ip-address", "ip6-address", "type", "system-name", "mac-address", "rx-vlan-id",
        "tx-vlan-id",
    ]

    static let numbers: [PortCase] =
        each(["7", "-1", "2147483647", "-2147483648", "-0"]) {
            PortCase("type \($0)", Sample.port(["type": $0]), .ok, stored: "\"type\": 0,")
        }
        + each(["2147483648", "4294967295", "99999999999999999999", "1.0", "1e0", "true", "\"0\""]) {
            PortCase("type \($0)", Sample.port(["type": $0]), .field("type"))
        }
        + each(["0x1", "01", "NaN", "1e999"]) {
            PortCase("type \($0)", Sample.port(["type": $0]), .invalid(Sample.port(["type": $0])))
        }
        + pairs([
            "1": "1", "2": "2", "255": "255", "256": "0", "257": "1", "-1": "255", "\"1\"": "0", "null": "0",
        ]) {
            PortCase(
                "mode \($0)",
                Sample.port(["vhostuser-mode": $0]),
                .ok,
                stored: "\"vhostuser-mode\": \($1),"
            )
        }
        + pairs(["0": "0", "1": "1", "2": "2", "256": "0", "\"0\"": "0"]) {
            PortCase(
                "link-state \($0), type 2",
                Sample.port(["type": "2", "link-state": $0]),
                .ok,
                stored: "\"link-state\": \($1),"
            )
        }
        + [
            PortCase(
                "link-state absent, type 2",
                Sample.port(["type": "2"]),
                .ok,
                stored: "\"link-state\": 0,"
            )
        ]

    private static func each(_ values: [String], _ make: (String) -> PortCase) -> [PortCase] {
        values.map(make)
    }

    private static func pairs(
        _ values: KeyValuePairs<String, String>,
        _ make: (String, String) -> PortCase
    ) -> [PortCase] {
        values.map { make($0.key, $0.value) }
    }

    static let vlans: [PortCase] = [
        vlan("10", "-1", stored: 10, 65535),
        vlan("10", "20", stored: 10, 20),
        vlan("0", "0", stored: 0, 0),
        vlan("65536", "65536", stored: 0, 0),
        vlan("70000", "65535", stored: 4464, 65535),
        vlan("65535", "65534", stored: 65535, 65534),
        PortCase(
            "rx -1, tx 65534",
            Sample.port(["rx-vlan-id": "-1", "tx-vlan-id": "65534"]),
            .error("{ Invalid request. RX (isolated) vlan set, but TX vlan not set }")
        ),
        PortCase("tx 2147483648", Sample.port(["tx-vlan-id": "2147483648"]), .field("tx-vlan-id")),
    ]

    private static func vlan(_ rx: String, _ tx: String, stored storedRX: Int, _ storedTX: Int) -> PortCase {
        PortCase(
            "rx \(rx), tx \(tx)",
            Sample.port(["rx-vlan-id": rx, "tx-vlan-id": tx]),
            .ok,
            stored: "\"rx-vlan-id\": \(storedRX),\n    \"tx-vlan-id\": \(storedTX),"
        )
    }

    static let texts: [PortCase] =
        each([
            Sample.vmi.uppercased(), Sample.vmi + "xyz", " " + Sample.vmi,
            "7c1e 0b52" + Sample.vmi.dropFirst(8),
        ]) {
            PortCase("id \($0)", Sample.port(["id": "\"\($0)\""]), .ok, stored: "\"id\": \"\(Sample.vmi)\",")
        }
        + each([
            "7c1e0b523a9011ee9c410242ac110002", "{\(Sample.vmi)}", String(Sample.vmi.dropLast()), "",
            "garbage",
        ]) {
            PortCase(
                "id \($0)",
                Sample.port(["id": "\"\($0)\""]),
                .ok,
                stored: "\"id\": \"\(Sample.zero)\",",
                file: Sample.zero
            )
        }
        + each(badMACs) { PortCase("mac \($0)", Sample.port(["mac-address": "\"\($0)\""]), invalidMAC) }
        + each(goodMACs) {
            PortCase(
                "mac \($0)",
                Sample.port(["mac-address": "\"\($0)\""]),
                .ok,
                stored: "\"mac-address\": \"\($0)\","
            )
        }
        + each(["None", "", "fd11::3", "11.0.0.300", "11.0.0", "011.0.0.3", " 11.0.0.3", "11.0.0.3/24"]) {
            PortCase(
                "ip \($0)",
                Sample.port(["ip-address": "\"\($0)\""]),
                .ok,
                stored: "\"ip-address\": \"0.0.0.0\","
            )
        }
        + pairs([
            "None": "::", "1.2.3.4": "::", "fd11::3/64": "::", "FD11::3": "fd11::3",
            "fe80::1%lo": "fe80::1%lo",
            "::ffff:1.2.3.4": "::ffff:1.2.3.4",
        ]) {
            PortCase(
                "ip6 \($0)",
                Sample.port(["ip6-address": "\"\($0)\""]),
                .ok,
                stored: "\"ip6-address\": \"\($1)\","
            )
        }
        + [
            PortCase("system-name empty", Sample.port(["system-name": "\"\""]), .ok),
            PortCase("system-name 300 bytes", Sample.port(["system-name": quoted("x", 300)]), .ok),
            PortCase("display-name 1 MB", Sample.port(["display-name": quoted("x", 1_000_000)]), .ok),
        ]

    private static let badMACs = [
        "02:1a:f4:be:e3:04:", "02:1a:f4:be:e3:04x", "02:1a:f4:be:e3:040", "02:1a:f4:be:e3:04 ",
        "zz:1a:f4:be:e3:04",
        "0x:1a:f4:be:e3:04", "02-00-00-00-00-01", "00:00:00:00:00:00", "",
    ]

    private static let goodMACs = [
        "2:1a:f4:be:e3:4", " 02:1a:f4:be:e3:04", "02: 1:f4:be:e3:04", "-2:1a:f4:be:e3:04",
        "02:1A:F4:BE:E3:04",
        "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01",
    ]

    private static func quoted(_ text: String, _ count: Int) -> String {
        "\"\(String(repeating: text, count: count))\""
    }
}
