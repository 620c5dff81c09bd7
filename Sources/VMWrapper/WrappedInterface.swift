// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A network interface of a VM that libvirt does not know: its tap lies in a pod's namespace, so its queues
/// come to the emulator as open descriptors.
///
/// The process that starts the domain writes the text form into the wrapper's environment; the wrapper
/// reads it there. No field can hold a character that JSON or the text form would have to escape.
public struct WrappedInterface: Hashable, Sendable {
    /// The order among the VM's interfaces, which names the device.
    public let index: Int
    /// The queues of the tap: one descriptor each.
    public let queues: Int
    /// The kernel's vhost-net descriptors, which follow the queues': as many as queues, or none.
    public let vhosts: Int
    /// The MAC address, canonical.
    public let mac: String
    /// The MTU that the guest is told.
    public let mtu: Int
    /// The PCI root bus: `pci.0` or `pcie.0`.
    public let bus: String
    /// The slot on that bus.
    public let slot: Int

    /// An interface; nil where a value is out of its range or a text has other characters than it should.
    public init?(index: Int, queues: Int, vhosts: Int, mac: String, mtu: Int, bus: String, slot: Int) {
        guard (0...31).contains(index), (1...64).contains(queues), vhosts == 0 || vhosts == queues,
            (68...65_535).contains(mtu), (1...31).contains(slot), bus == "pci.0" || bus == "pcie.0",
            Self.isMAC(mac)
        else { return nil }
        self.index = index
        self.queues = queues
        self.vhosts = vhosts
        self.mac = mac
        self.mtu = mtu
        self.bus = bus
        self.slot = slot
    }

    /// The fields in order, joined by commas.
    public var text: String { "\(index),\(queues),\(vhosts),\(mac),\(mtu),\(bus),\(slot)" }

    /// Parses the text form; nil for anything else.
    public init?(_ text: String) {
        let fields = Self.split(text, at: UInt8(ascii: ","))
        guard fields.count == 7, let index = Self.number(fields[0]), let queues = Self.number(fields[1]),
            let vhosts = Self.number(fields[2]), let mtu = Self.number(fields[4]),
            let slot = Self.number(fields[6])
        else { return nil }
        self.init(
            index: index,
            queues: queues,
            vhosts: vhosts,
            mac: fields[3],
            mtu: mtu,
            bus: fields[5],
            slot: slot
        )
    }

    /// Several interfaces' texts, joined by semicolons.
    public static func text(_ interfaces: [WrappedInterface]) -> String {
        var text = ""
        for interface in interfaces {
            if !text.isEmpty { text += ";" }
            text += interface.text
        }
        return text
    }

    /// Parses several interfaces; nil if one of them is wrong or there is none.
    public static func interfaces(_ text: String) -> [WrappedInterface]? {
        var interfaces: [WrappedInterface] = []
        for part in split(text, at: UInt8(ascii: ";")) {
            guard let interface = WrappedInterface(part) else { return nil }
            interfaces.append(interface)
        }
        return interfaces.isEmpty ? nil : interfaces
    }

    /// How many descriptors belong to this interface.
    public var descriptors: Int { queues + vhosts }

    /// QEMU's arguments: a back end on the descriptors and a device.
    ///
    /// The device is written as JSON because QEMU makes such devices after all others, and so this one takes
    /// no slot that libvirt counts on.
    /// `descriptors`: The queues', then vhost-net's.
    public func arguments(descriptors: [Int32]) -> [String] {
        let id = "pod\(index)"
        var backend = "{\"type\":\"tap\",\"id\":\"\(id)\",\"fds\":\"\(Self.list(descriptors[..<queues]))\""
        if vhosts > 0 { backend += ",\"vhost\":true,\"vhostfds\":\"\(Self.list(descriptors[queues...]))\"" }
        backend += "}"
        var device =
            "{\"driver\":\"virtio-net-pci\",\"netdev\":\"\(id)\",\"id\":\"nic-\(id)\",\"mac\":\"\(mac)\""
        device +=
            ",\"host_mtu\":\(mtu),\"romfile\":\"\",\"bus\":\"\(bus)\",\"addr\":\"\(Self.hexadecimal(slot))\""
        if queues > 1 { device += ",\"mq\":true,\"vectors\":\(2 * queues + 2)" }
        device += "}"
        return ["-netdev", backend, "-device", device]
    }

    private static func list(_ descriptors: ArraySlice<Int32>) -> String {
        var text = ""
        for descriptor in descriptors {
            if !text.isEmpty { text += ":" }
            text += "\(descriptor)"
        }
        return text
    }

    private static func hexadecimal(_ number: Int) -> String { "0x" + String(number, radix: 16) }

    private static func isMAC(_ text: String) -> Bool {
        var index = 0
        for byte in text.utf8 {
            if index % 3 == 2 {
                guard byte == UInt8(ascii: ":") else { return false }
            } else {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): break
                default: return false
                }
            }
            index += 1
        }
        return index == 17
    }

    private static func number(_ text: String) -> Int? {
        guard (1...5).contains(text.utf8.count) else { return nil }
        var number = 0
        for byte in text.utf8 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }

    private static func split(_ text: String, at separator: UInt8) -> [String] {
        var parts: [String] = []
        var part: [UInt8] = []
        for byte in text.utf8 {
            if byte == separator {
                parts.append(String(decoding: part, as: UTF8.self))
                part = []
            } else {
                part.append(byte)
            }
        }
        parts.append(String(decoding: part, as: UTF8.self))
        return parts
    }
}
