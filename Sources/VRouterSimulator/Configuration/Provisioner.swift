// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Makes what kube-manager would make for a pod that nobody configured.
struct Provisioner {
    private let network: VirtualNetwork
    private var v4: AddressPool?
    private var v6: AddressPool?
    private var macs: Set<Bytes> = []
    private var count: UInt64 = 0

    init(network: VirtualNetwork) {
        self.network = network
        v4 = network.v4.map(AddressPool.init)
        v6 = network.v6.map(AddressPool.init)
    }

    /// Keeps what a configured interface uses from being given again.
    mutating func reserve(_ interface: VirtualInterface) {
        macs.insert(interface.mac)
        guard interface.network == network.id else { return }
        if let address = interface.v4 { v4?.reserve(address.bytes) }
        if let address = interface.v6 { v6?.reserve(address.bytes) }
    }

    mutating func release(_ interface: VirtualInterface) {
        macs.remove(interface.mac)
        guard interface.network == network.id else { return }
        if let address = interface.v4 { v4?.release(address.bytes) }
        if let address = interface.v6 { v6?.release(address.bytes) }
    }

    /// A machine and its interface in the default network.
    ///
    /// `id`: the machine's, a pod's UID; without it one is made up.
    ///
    /// - Returns: none if the name is not `<cluster>__<namespace>__<pod>` or no address is left.
    mutating func provision(name: Bytes, id: AgentUUID? = nil) -> (VirtualMachine, VirtualInterface)? {
        guard let pod = PodName(name) else { return nil }
        let v4Address = v4?.take()
        let v6Address = v6?.take()
        guard (v4 == nil || v4Address != nil) && (v6 == nil || v6Address != nil) else {
            // One family has none left: the other's is given back.
            if let v4Address { v4?.release(v4Address) }
            if let v6Address { v6?.release(v6Address) }
            return nil
        }
        let machine = VirtualMachine(id: id ?? newID(salt: name + Bytes("/vm")), name: name)
        let (interfaceID, mac) = newInterfaceID(salt: name + Bytes("/vmi"))
        var interface = VirtualInterface(
            id: interfaceID,
            machine: machine.id,
            network: network.id,
            mac: mac,
            v4: v4Address.map(IPv4.init(bytes:)),
            v6: v6Address.map(IPv6.init(bytes:))
        )
        interface.annotations = pod.annotations(index: 0, total: 1, network: "default")
        return (machine, interface)
    }

    /// As the controller derives it: 02 and the first five bytes of the interface's UUID.
    static func mac(of id: AgentUUID) -> Bytes {
        Bytes(AgentMAC(bytes: [2] + id.bytes.prefix(5)).text)
    }

    private mutating func newInterfaceID(salt: Bytes) -> (AgentUUID, Bytes) {
        while true {
            let id = newID(salt: salt)
            let mac = Self.mac(of: id)
            if macs.insert(mac).inserted { return (id, mac) }
        }
    }

    /// The same names in the same order give the same UUIDs; version and variant bits say "random".
    private mutating func newID(salt: Bytes) -> AgentUUID {
        count += 1
        let high = Self.mix(salt, seed: count)
        let low = Self.mix(salt, seed: ~high)
        return AgentUUID(
            high: high & ~0xf000 | 0x4000,
            low: low & ~(3 << 62) | 2 << 62
        )
    }

    /// FNV-1a with a final avalanche.
    private static func mix(_ text: Bytes, seed: UInt64) -> UInt64 {
        var hash = seed ^ 0xcbf2_9ce4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash ^= hash >> 33
        hash = hash &* 0xff51_afd7_ed55_8ccd
        return hash ^ hash >> 33
    }
}
