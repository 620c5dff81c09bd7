// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Hands out addresses of a subnet upwards, so that one that was given back comes again as late as can be.
struct AddressPool {
    private let subnet: Subnet
    private var taken: Set<Bytes>
    private var next: UInt64 = 1

    init(_ addressing: VirtualNetwork.Addressing) {
        subnet = addressing.subnet
        taken = [addressing.gateway, addressing.dns, subnet.address]
    }

    mutating func reserve(_ address: Bytes) {
        taken.insert(address)
    }

    mutating func release(_ address: Bytes) {
        taken.remove(address)
    }

    /// A free address, or none when the subnet is full.
    mutating func take() -> Bytes? {
        for _ in 0..<subnet.hosts {
            let offset = next
            next = next + 1 < subnet.hosts ? next + 1 : 1
            if let address = subnet.address(at: offset), taken.insert(address).inserted { return address }
        }
        return nil
    }
}
