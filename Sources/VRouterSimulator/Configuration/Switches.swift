// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Behaviour that can be switched while the simulator runs.
///
/// All are off by default.
struct Switches: Equatable, Sendable {
    /// A vm-name over 255 bytes, or one that runs through a file, ends the process.
    var crashOnStateFileError = false
    /// JSON nested 100,000 deep ends the process.
    var crashOnDeepJSON = false
    /// Stale cleaning of a machine with two or more interfaces ends the process.
    var crashOnStaleMachine = false
    /// The name of a machine is lost with any machine that bore it, also with a former one.
    var nameDefect = false
    /// Every known request is answered "Operation Not Supported".
    var handlerMissing = false
    /// Connections are refused.
    var refuse = false
    /// DHCP for IPv4 is silent.
    var noDHCP = false
    /// DHCPv6 is silent, while router advertisements still set M and O.
    var noDHCPv6 = false
    /// No router advertisements.
    var noRouterAdvertisement = false

    /// Every switch by the name it has in the configuration and on the control socket.
    static let names: [(String, WritableKeyPath<Switches, Bool> & Sendable)] = [
        ("crashOnStateFileError", \.crashOnStateFileError),
        ("crashOnDeepJSON", \.crashOnDeepJSON),
        ("crashOnStaleMachine", \.crashOnStaleMachine),
        ("nameDefect", \.nameDefect),
        ("handlerMissing", \.handlerMissing),
        ("refuse", \.refuse),
        ("noDHCP", \.noDHCP),
        ("noDHCPv6", \.noDHCPv6),
        ("noRouterAdvertisement", \.noRouterAdvertisement),
    ]

    /// - Returns: false if there is no switch of that name.
    mutating func set(_ name: String, to value: Bool) -> Bool {
        guard let (_, path) = Self.names.first(where: { $0.0 == name }) else { return false }
        self[keyPath: path] = value
        return true
    }
}
