// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Who serves.
public struct RuntimeVersion: Hashable, Sendable {
    /// The runtime's name.
    public var name: String
    /// The runtime's version.
    public var version: String
    /// The version of the API towards kubelet.
    public static let api = "v1"

    /// A version.
    public init(name: String, version: String) {
        self.name = name
        self.version = version
    }
}

/// Whether pods can be run here now.
public struct RuntimeStatus: Hashable, Sendable {
    /// Whether machines can be made.
    public var runtime: Readiness
    /// Whether networks can be attached.
    public var network: Readiness
    /// Handlers of RuntimeClasses that are served, besides the default one.
    public var handlers: [String]
    /// More, by name, for people; only where the call was verbose.
    public var details: [String: String]

    /// Whether a part is ready, and if not, why.
    public enum Readiness: Hashable, Sendable {
        /// It is.
        case ready
        /// It is not: one word in camel case, and words that tell what to do.
        case notReady(reason: String, message: String)
    }

    /// A status.
    public init(
        runtime: Readiness,
        network: Readiness,
        handlers: [String] = [],
        details: [String: String] = [:]
    ) {
        self.runtime = runtime
        self.network = network
        self.handlers = handlers
        self.details = details
    }
}

/// Who makes cgroups, and in which notation kubelet names them.
public enum CgroupDriver: String, CaseIterable, Hashable, Sendable {
    /// We, as folders.
    case cgroupfs
    /// systemd, as slices and scopes.
    case systemd
}
