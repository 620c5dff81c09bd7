// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CRIMessages
import Foundation
import NetworkTypes

/// What the guest is told by cloud-init.
struct GuestOptions: ParsableArguments {
    @Option(help: "A public SSH key of the image's default user, or @FILE with one key a line; repeatable.")
    var sshKey: [String] = []

    @Option(
        help: "A file with user-data: #cloud-config, which is joined with ours, or a script or archive.",
        completion: .file()
    )
    var userData: String?

    @Option(help: "The version of the network-config: 2, or 1 for images with a cloud-init older than 17.1.")
    var networkConfigVersion: NetworkVersion = .v2

    @Flag(help: "Write no network-config: the image configures its network by itself, mostly by DHCP.")
    var noNetworkConfig = false

    @Flag(help: "Let the guest ask DHCP for IPv4 even where its addresses are known.")
    var dhcp = false

    @Option(help: "A name server that the guest uses instead of the network's; repeatable.")
    var dns: [Address] = []

    @Option(help: "A search domain that the guest uses instead of the network's; repeatable.")
    var dnsSearch: [String] = []

    mutating func validate() throws {
        if dhcp, noNetworkConfig {
            throw ValidationError("--dhcp and --no-network-config exclude each other.")
        }
    }

    /// What vm-runtime is told.
    func message() throws -> OperatorGuest {
        var message = OperatorGuest()
        for key in sshKey {
            guard key.hasPrefix("@") else {
                message.sshKeys.append(key)
                continue
            }
            let text = try NetworkOptions.text(of: String(key.dropFirst()))
            message.sshKeys += text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
        }
        if let userData {
            message.userData = Data(try NetworkOptions.bytes(of: userData))
            message.userDataSource = "the file \(userData)"
        }
        message.dhcp = dhcp
        message.noNetworkConfig = noNetworkConfig
        message.networkConfigVersion = networkConfigVersion == .v1 ? 1 : 2
        message.dnsServers = dns.map(\.address.text)
        message.dnsSearches = dnsSearch
        return message
    }

    /// A version of the network-config on the command line.
    enum NetworkVersion: String, ExpressibleByArgument, CaseIterable {
        case v1 = "1"
        case v2 = "2"
    }

    /// An IP address on the command line.
    struct Address: ExpressibleByArgument {
        let address: IPAddress

        init?(argument: String) {
            guard let address = IPAddress(argument) else { return nil }
            self.address = address
        }
    }
}
